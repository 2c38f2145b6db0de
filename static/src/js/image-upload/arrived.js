import { number } from "./format.js";
import { make } from "./rows.js";
import { countsInWords } from "./summary.js";

const SHOWN = 20;

/** The studies that the upload brought, with the way to each. */
export async function showArrived(root, server, uploads) {
  const section = root.querySelector("[data-arrived]");
  const known = await Promise.all([...uploads].map((id) => server.upload(id).catch(() => null)));
  const arrived = known.filter((upload) => upload && Object.keys(upload.counts).length);
  if (!arrived.length) return;
  const studies = new Map(arrived.flatMap((upload) => upload.studies.map((study) => [study.id, study])));
  const missing = arrived.flatMap((upload) => upload.missing);
  root.querySelector("[data-studies]").replaceChildren(...[...studies.values()].slice(0, SHOWN).map(entry));
  const more = root.querySelector("[data-more-studies]");
  more.hidden = studies.size <= SHOWN;
  more.textContent = `and ${number(studies.size - SHOWN)} more studies`;
  const remark = root.querySelector("[data-missing]");
  remark.hidden = !missing.length;
  remark.textContent =
    `${number(missing.length)} of the files that the disc’s directory (DICOMDIR) lists did not come: ` +
    `${missing.slice(0, 5).join(", ")}${missing.length > 5 ? " and others" : ""}. Send the whole disc again; ` +
    "what is here already is not stored twice.";
  root.querySelector("[data-results]").replaceChildren(...arrived.map((upload, index) => results(upload, index, arrived)));
  section.hidden = false;
}

/** The way to what became of each file; pictures go in an upload of their own, so there may be two. */
function results(upload, index, all) {
  const line = make("p");
  const link = make("a", "", all.length === 1 ? "What became of each file" : `What became of each file, part ${index + 1}`);
  link.href = upload.page_url;
  line.append(link, `: ${countsInWords(upload.counts)}`);
  return line;
}

function entry(study) {
  const item = make("li", "lobule-arrived__study");
  const about = make("span", "lobule-arrived__about");
  const link = make("a", "", study.patient || "No name given");
  link.href = study.url;
  const images = `${number(study.images)} ${study.images === 1 ? "image" : "images"}`;
  about.append(link, make("span", "lobule-secondary", [study.description, day(study.date), images].filter(Boolean).join(", ")));
  item.append(about);
  if (study.images) {
    const open = make("a", "nhsuk-button nhsuk-button--small", "Open viewer");
    open.href = `${study.url}view/`;
    open.setAttribute("aria-label", `Open viewer: ${study.patient || study.description || "study"}`);
    item.append(open);
  }
  return item;
}

/** DICOM's 20260102 as "2 Jan 2026". */
function day(text) {
  if (!/^\d{8}$/.test(text)) return text;
  const date = new Date(Date.UTC(+text.slice(0, 4), +text.slice(4, 6) - 1, +text.slice(6)));
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}
