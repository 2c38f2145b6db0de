/**
 * The first image, drawn by plain code as soon as its bytes are here, so that nobody waits for the machinery of the
 * viewer to see it. The viewer's own rendering takes its place.
 */

import { isFalling, presetsOf, shownRange, shownValues } from "./display.js";
import { make } from "./dom.js";
import { hungView, isMammogram } from "./hanging.js";

/** Draws the image as its pane will show it first; resolves once it is on the screen. */
export async function drawPreview(root, plan, values) {
  const stack = plan.stacks[plan.first];
  const { image } = stack.entries[0];
  const box = boxOf(root, plan);
  const ratio = window.devicePixelRatio || 1;
  const canvas = make("canvas", { className: "preview", width: Math.round(box.width * ratio), height: Math.round(box.height * ratio) });
  for (const side of ["left", "top", "width", "height"]) canvas.style[side] = `${box[side]}px`;
  const turning = isMammogram(image) ? hungView(image, values) : { flipH: false, flipV: false };
  paint(canvas, image, values, presetsOf(image, stack.series.modality)[0], turning);
  root.append(canvas);
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  performance.mark("first-pixels");
  root.dataset.preview = image.id;
}

export function removePreview() {
  document.querySelector(".preview")?.remove();
}

function boxOf(root, { layout, first }) {
  const { clientWidth, clientHeight } = root;
  if (layout === "1x1") return { left: 0, top: 0, width: clientWidth, height: clientHeight };
  const gap = 2;
  const [width, height] = [(clientWidth - gap) / 2, (clientHeight - gap) / 2];
  return { left: (first % 2) * (width + gap), top: Math.floor(first / 2) * (height + gap), width, height };
}

function paint(canvas, image, values, preset, { flipH, flipV, against }) {
  const { rows, columns, samples, spacing, aspect } = image.frameSet;
  const tall = spacing ? spacing[0] / spacing[1] : aspect;
  const scale = Math.min(canvas.width / columns, canvas.height / (rows * tall));
  const [width, height] = [Math.max(Math.round(columns * scale), 1), Math.max(Math.round(rows * tall * scale), 1)];
  const shown = shownValues(values, image, preset.lut ?? null);
  const { lower, upper } = shownRange(image, preset);
  const isInverted = isFalling(image.frameSet, preset.lut);
  const context = canvas.getContext("2d", { alpha: false });
  const picture = context.createImageData(width, height);
  const { data } = picture;
  const gain = 255 / Math.max(upper - lower, 1e-9);
  for (let y = 0; y < height; y += 1) {
    const row = flipV ? height - 1 - y : y;
    const [y0, y1] = span(row, height, rows);
    for (let x = 0; x < width; x += 1) {
      const column = flipH ? width - 1 - x : x;
      const [x0, x1] = span(column, width, columns);
      const at = 4 * (y * width + x);
      for (let sample = 0; sample < 3; sample += 1) {
        if (samples === 1 && sample) {
          data[at + sample] = data[at];
          continue;
        }
        const grey = (mean(shown, columns, samples, sample, x0, x1, y0, y1) - lower) * gain;
        data[at + sample] = isInverted ? 255 - grey : grey;
      }
      data[at + 3] = 255;
    }
  }
  const spare = canvas.width - width;
  const left = against === "right" ? spare : against === "left" ? 0 : Math.round(spare / 2);
  context.putImageData(picture, left, Math.round((canvas.height - height) / 2));
}

/** The source pixels that one pixel of the screen covers. */
function span(index, count, size) {
  const from = Math.floor((index * size) / count);
  return [from, Math.max(Math.min(Math.floor(((index + 1) * size) / count), size), from + 1)];
}

function mean(values, columns, samples, sample, x0, x1, y0, y1) {
  let sum = 0;
  for (let y = y0; y < y1; y += 1) {
    for (let x = x0; x < x1; x += 1) sum += values[(y * columns + x) * samples + sample];
  }
  return sum / ((x1 - x0) * (y1 - y0));
}
