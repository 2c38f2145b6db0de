/** The lines that Cornerstone writes beside a mark. */

import { frameValues } from "./frames.js";
import { partsOf, worldSpacing } from "./loader.js";
import { lines, measure } from "./measure.js";

/** World points as pixels of the image. */
export function toPixels(image, points) {
  const [rowSpacing, columnSpacing] = worldSpacing(image.frameSet);
  return points.map(([x, y]) => [x / columnSpacing, y / rowSpacing]);
}

/** Pixels of the image as world points. */
export function toWorld(image, points) {
  const [rowSpacing, columnSpacing] = worldSpacing(image.frameSet);
  return points.map(([x, y]) => [x * columnSpacing, y * rowSpacing, 0]);
}

/** What a mark of Cornerstone's measures on its image. */
export function measured(tool, data, image, frame) {
  return measure({ tool, points: toPixels(image, data.handles.points) }, image, frameValues(image, frame));
}

const POINTS = { length: 2, angle: 3, ellipse: 4, rectangle: 4, probe: 1, arrow: 2 };

/** Cornerstone's `getTextLines` for a tool: name first, then the figures. */
export function linesOf(tool, data, target) {
  const targetId = String(Array.isArray(target) ? target[0] : target).replace(/^imageId:/, "");
  const { image, frame } = partsOf(targetId);
  if (!image || data.handles.points.length < POINTS[tool]) return [""];
  const figures = lines(measured(tool, data, image, frame));
  return data.label ? [data.label, ...figures] : figures;
}
