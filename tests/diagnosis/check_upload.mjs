/** Answers what the upload page makes of files: their paths as arguments in, JSON out. */

import { openAsBlob } from "node:fs";
import { basename } from "node:path";

import { namesIn } from "../../static/src/js/image-upload/archive.js";
import { needsStatement } from "../../static/src/js/image-upload/kinds.js";

const answers = process.argv.slice(2).map(async (path) => {
  const file = await openAsBlob(path);
  return { names: (await namesIn(file)).length, asks: await needsStatement({ file, path: basename(path) }) };
});
process.stdout.write(JSON.stringify(await Promise.all(answers)));
