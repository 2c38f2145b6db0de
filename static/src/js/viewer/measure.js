/**
 * What a mark measures, from its points in pixels of the image (the first pixel's centre is at 0, 0) and the stored
 * values. Millimetres only where the file calibrates the very place; else pixels.
 */

const SOURCES = {
  PixelSpacing: "pixel spacing",
  ImagerPixelSpacing: "pixel spacing at the detector",
  NominalScannedPixelSpacing: "spacing of the scanned film",
  UltrasoundRegion: "pixel spacing from ultrasound region",
};

/** How lengths are measured at these points: {x, y} per pixel, the unit, and where that comes from. */
export function scaleAt(frameSet, points) {
  const { regions, spacing, spacing_source: source, aspect } = frameSet;
  const inPixels = { x: 1, y: aspect, unit: "px", source: "" };
  const calibrated = regions.filter((region) => region.spacing);
  if (regions.length) {
    const around = calibrated.find((region) => points.every((point) => inside(region, point)));
    if (around) return { x: around.spacing[1], y: around.spacing[0], unit: "mm", source: SOURCES.UltrasoundRegion };
    if (source === "UltrasoundRegion") {
      const where = calibrated.length ? "outside the calibrated region" : "the region is not calibrated";
      return { ...inPixels, source: where };
    }
  }
  if (!spacing) return { ...inPixels, source: "the file gives no pixel spacing" };
  return { x: spacing[1], y: spacing[0], unit: "mm", source: SOURCES[source] ?? source };
}

const inside = ({ x0, y0, x1, y1 }, [x, y]) => x >= x0 - 0.5 && x <= x1 + 0.5 && y >= y0 - 0.5 && y <= y1 + 0.5;

/**
 * {values: [{name, value, unit}], source} of a mark. `values` of the frame, and the `image` with its frame set, are
 * needed for what lies under an area or a point.
 */
export function measure({ tool, points }, image, values) {
  const { frameSet } = image;
  const scale = scaleAt(frameSet, points);
  const found = MEASURES[tool]?.(points, scale, image, values) ?? [];
  const usesScale = ["length", "rectangle", "ellipse"].includes(tool);
  return { values: found, source: usesScale ? scale.source : "" };
}

const MEASURES = {
  length: ([a, b], scale) => [{ name: "Length", value: distance(a, b, scale), unit: scale.unit }],
  angle: ([a, corner, b], scale) => [{ name: "Angle", value: angle(a, corner, b, scale), unit: "°" }],
  rectangle: (points, scale, image, values) => areaOf(points, scale, image, values, 1),
  ellipse: (points, scale, image, values) => areaOf(points, scale, image, values, Math.PI / 4),
  probe: ([point], _scale, image, values) => valueAt(point, image, values),
};

function distance([ax, ay], [bx, by], { x, y }) {
  return Math.hypot((bx - ax) * x, (by - ay) * y);
}

function angle(a, corner, b, { x, y }) {
  const first = Math.atan2((a[1] - corner[1]) * y, (a[0] - corner[0]) * x);
  const second = Math.atan2((b[1] - corner[1]) * y, (b[0] - corner[0]) * x);
  const turn = Math.abs(first - second) * (180 / Math.PI);
  return turn > 180 ? 360 - turn : turn;
}

/** The box around the points, and the statistics of the pixels whose centres lie in the shape. */
function areaOf(points, scale, image, values, share) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const box = { x0: Math.min(...xs), x1: Math.max(...xs), y0: Math.min(...ys), y1: Math.max(...ys) };
  const width = (box.x1 - box.x0) * scale.x;
  const height = (box.y1 - box.y0) * scale.y;
  const found = [{ name: "Area", value: width * height * share, unit: `${scale.unit}²` }];
  const { mean, deviation, count } = statistics(box, image, values, share !== 1);
  const unit = image.frameSet.units;
  if (count) found.push({ name: "Mean", value: mean, unit }, { name: "SD", value: deviation, unit });
  found.push({ name: "Size", value: [width, height], unit: scale.unit });
  return found;
}

function statistics({ x0, x1, y0, y1 }, { frameSet }, values, isEllipse) {
  const none = { mean: NaN, deviation: NaN, count: 0 };
  if (!values) return none;
  const { rows, columns, samples, slope, intercept, padding } = frameSet;
  const [cx, cy, rx, ry] = [(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2];
  const [low, high] = padding ?? [NaN, NaN];
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (let y = Math.max(Math.ceil(y0), 0); y <= Math.min(Math.floor(y1), rows - 1); y += 1) {
    for (let x = Math.max(Math.ceil(x0), 0); x <= Math.min(Math.floor(x1), columns - 1); x += 1) {
      if (isEllipse && ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 > 1) continue;
      const stored = greyAt(values, y * columns + x, samples);
      if (stored >= low && stored <= high) continue;
      // Welford's recurrence: one pass, and no loss of digits for large values.
      count += 1;
      const step = stored - mean;
      mean += step / count;
      squares += step * (stored - mean);
    }
  }
  if (!count) return none;
  return { mean: slope * mean + intercept, deviation: Math.abs(slope) * Math.sqrt(squares / count), count };
}

/** The stored value; of colours their luminance. */
function greyAt(values, index, samples) {
  if (samples === 1) return values[index];
  const at = 3 * index;
  return 0.299 * values[at] + 0.587 * values[at + 1] + 0.114 * values[at + 2];
}

function valueAt([px, py], { frameSet }, values) {
  const { rows, columns, samples, slope, intercept, units } = frameSet;
  const [x, y] = [Math.round(px), Math.round(py)];
  if (!values || x < 0 || y < 0 || x >= columns || y >= rows) return [{ name: "Value", value: NaN, unit: "" }];
  const index = y * columns + x;
  if (samples === 3) return [{ name: "RGB", value: Array.from(values.subarray(3 * index, 3 * index + 3)), unit: "" }];
  return [{ name: "Value", value: slope * values[index] + intercept, unit: units }];
}

/** A number as people read it: three or four digits, never more than the pixels can tell. */
export function readable(value) {
  if (Array.isArray(value)) return value.map(readable).join(" × ");
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2).replace("-", "−");
}

/** The lines that stand beside a mark. */
export function lines(measured) {
  const shown = measured.values.filter(({ name }) => name !== "Size");
  return shown.map(({ name, value, unit }) => {
    const text = `${name === "RGB" ? value.join(", ") : readable(value)}${unit === "°" ? "" : " "}${unit}`.trimEnd();
    return ["Length", "Angle", "Value", "RGB"].includes(name) ? text : `${name} ${text}`;
  });
}
