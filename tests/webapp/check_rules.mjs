// Reads {schema, samples, rows} as JSON from standard input; writes what the browser's code makes of them.
import { readFileSync } from "node:fs";

import { checkSample } from "../../static/src/js/fna-rules.js";
import { parseRow } from "../../static/src/js/fna-row.js";

const { schema, samples, rows } = JSON.parse(readFileSync(0, "utf8"));
const numbers = (sample) =>
  Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, value === null ? NaN : value]));
const findings = samples.map((sample) => checkSample(schema, numbers(sample)).map(({ code, severity }) => [code, severity]));
process.stdout.write(JSON.stringify({ findings, rows: rows.map((row) => parseRow(row, schema.features.length)) }));
