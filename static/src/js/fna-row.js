const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a person wrote, with decimal point or comma; NaN when it is none. */
export function parseNumber(text) {
  const plain = text.trim().replace(",", ".");
  return NUMBER.test(plain) ? Number(plain) : NaN;
}

/**
 * The last `length` cells of a pasted spreadsheet row, as text with a decimal point; null when it is no such row.
 * An identifier and a diagnosis may stand before the numbers, a diagnosis after them. With tabs or semicolons between
 * cells a comma is a decimal comma.
 */
export function parseRow(text, length) {
  const line = text.trim();
  if (line.includes("\n")) return null;
  const separator = /[\t;]/.test(line) ? /[\t;]/ : /[,\s]+/;
  const cells = line.split(separator).map((cell) => cell.trim());
  if (cells.length > length && Number.isNaN(parseNumber(cells.at(-1)))) cells.pop();
  const numbers = cells.slice(-length);
  if (numbers.length < length || numbers.some((cell) => Number.isNaN(parseNumber(cell)))) return null;
  return numbers.map((cell) => cell.replace(",", "."));
}
