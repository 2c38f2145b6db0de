import { namesIn } from "./archive.js";

const PICTURE = /\.(png|jpe?g|tiff?)$/i;
const LITTER = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$|(^|\/)__MACOSX\//i;
// What lies beside the images on a patient's disc: the viewer program and its pages.
const PROGRAM =
  /\.(exe|dll|ocx|msi|cab|bat|cmd|com|sys|inf|ini|jar|class|js|css|html?|xml|xsl|chm|hlp|ico|gif|ttf|lnk|app|so|dylib|txt|rtf|log|dat|cfg|config|manifest)$/i;
const PREAMBLE = 128;

const isPicture = ({ file, path }) => PICTURE.test(path) || /^image\/(png|jpeg|tiff)$/.test(file.type);
const isArchive = ({ file, path }) => /\.zip$/i.test(path) || /^application\/(x-)?zip/.test(file.type);

/**
 * Whether a file needs its modality stated, by the names it has: "picture", or "archive" of nothing but pictures, or
 * "mixed" for an archive with other files as well; "" for what speaks for itself.
 */
export async function needsStatement(candidate) {
  if (isPicture(candidate)) return "picture";
  if (!isArchive(candidate)) return "";
  const names = (await namesIn(candidate.file)).filter((name) => !LITTER.test(name));
  const pictures = names.filter((name) => PICTURE.test(name)).length;
  return pictures ? (pictures === names.length ? "archive" : "mixed") : "";
}

/** What is worth sending, and how many files of folders were left out because they are no images of anybody. */
export async function worthSending(found) {
  const kept = [];
  let leftOut = 0;
  for (const candidate of found) {
    if (LITTER.test(candidate.path)) continue;
    if (candidate.fromFolder && PROGRAM.test(candidate.path) && !(await isDicom(candidate.file))) leftOut += 1;
    else kept.push(candidate);
  }
  return { kept, leftOut };
}

async function isDicom(file) {
  const start = await file.slice(PREAMBLE, PREAMBLE + 4).text().catch(() => "");
  return start === "DICM";
}
