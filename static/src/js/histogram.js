/**
 * Counts `values` in equal bins from `minimum` to `maximum` (the values' own range unless given).
 * Returns `edges` (bins + 1 numbers) and `counts`; a value on the last edge belongs to the last bin, values outside
 * the range are left out.
 */
export function histogram(values, { bins, minimum = Math.min(...values), maximum = Math.max(...values) }) {
  const end = maximum > minimum ? maximum : minimum + 1;
  const width = (end - minimum) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, index) => minimum + index * width);
  const counts = new Array(bins).fill(0);
  for (const value of values) {
    if (value < minimum || value > end) continue;
    counts[Math.min(Math.floor((value - minimum) / width), bins - 1)] += 1;
  }
  return { edges, counts };
}
