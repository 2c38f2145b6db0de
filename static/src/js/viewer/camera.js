/**
 * One description of how an image is turned, zoomed and moved, put into Cornerstone's cameras of both kinds (WebGL and
 * canvas) and read back from them.
 *
 * A view is {flipH, flipV, rotation, scale, center}: flips come before the clockwise rotation in degrees, `scale` is
 * half the height of what is seen in world units, `center` the world point in the middle.
 */

import { worldSpacing } from "./loader.js";

const RADIANS = Math.PI / 180;

/** Width and height of the image in world units. */
function worldSize({ rows, columns, ...frameSet }) {
  const [rowSpacing, columnSpacing] = worldSpacing(frameSet);
  return [columns * columnSpacing, rows * rowSpacing];
}

/** The world point in the middle of the image; the first pixel's centre is the world's origin. */
function middle(frameSet) {
  const [rowSpacing, columnSpacing] = worldSpacing(frameSet);
  return [((frameSet.columns - 1) * columnSpacing) / 2, ((frameSet.rows - 1) * rowSpacing) / 2];
}

/** The view's axes on the screen, as world vectors: to the right and up. */
function axes({ flipH, flipV, rotation }) {
  const normal = flipH !== flipV ? 1 : -1;
  const up = [0, flipV ? 1 : -1];
  const right = [up[1] * normal, 0];
  const [cos, sin] = [Math.cos(rotation * RADIANS), Math.sin(rotation * RADIANS)];
  return {
    normal,
    up: [up[0] * cos - right[0] * sin, up[1] * cos - right[1] * sin],
    right: [right[0] * cos + up[0] * sin, right[1] * cos + up[1] * sin],
  };
}

/** The scale at which the whole image just fits. */
export function fitScale(viewport, frameSet, { rotation }) {
  const [width, height] = worldSize(frameSet);
  const isSideways = rotation % 180 !== 0;
  const [across, down] = isSideways ? [height, width] : [width, height];
  const { clientWidth, clientHeight } = viewport.element;
  return Math.max(down / 2, (across / 2) * (clientHeight / Math.max(clientWidth, 1)));
}

/** The view that shows the whole image, turned so; `against` the pane's left or right edge if that is asked for. */
export function fittedView(viewport, frameSet, turning) {
  const scale = fitScale(viewport, frameSet, turning);
  return { ...turning, scale, center: restingCenter(viewport, frameSet, turning, scale) };
}

/** Where the view's middle lies before anybody has moved it. */
function restingCenter(viewport, frameSet, turning, scale) {
  const [mx, my] = middle(frameSet);
  if (!turning.against || turning.rotation % 180) return [mx, my];
  const { clientWidth, clientHeight } = viewport.element;
  const [width] = worldSize(frameSet);
  const room = Math.max((scale * clientWidth) / Math.max(clientHeight, 1) - width / 2, 0);
  const { right } = axes(turning);
  const shift = turning.against === "right" ? -room : room;
  return [mx + right[0] * shift, my + right[1] * shift];
}

/** Puts a view into the viewport. */
export function applyView(viewport, frameSet, view) {
  if (viewport.useCPURendering) applyToCanvas(viewport, frameSet, view);
  else applyToWebgl(viewport, view);
}

function applyToWebgl(viewport, view) {
  const { normal, up } = axes(view);
  const [x, y] = view.center;
  const distance = 1000;
  viewport.setCamera({
    viewPlaneNormal: [0, 0, normal],
    viewUp: [up[0], up[1], 0],
    focalPoint: [x, y, 0],
    position: [x, y, distance * normal],
    parallelScale: view.scale,
    clippingRange: [distance / 2, distance * 2],
  });
}

function applyToCanvas(viewport, frameSet, view) {
  // Cornerstone's canvas renderer keeps these fields; its own setters combine turning and moving wrongly.
  const { viewport: state } = viewport._cpuFallbackEnabledElement;
  const [rowSpacing, columnSpacing] = worldSpacing(frameSet);
  const { right, up } = axes(view);
  const [mx, my] = middle(frameSet);
  const offset = [(view.center[0] - mx) / columnSpacing, (view.center[1] - my) / rowSpacing];
  state.rotation = view.rotation;
  state.scale = ((viewport.canvas.height / 2) * Math.min(rowSpacing, columnSpacing)) / view.scale;
  state.translation = { x: -(offset[0] * right[0] + offset[1] * right[1]), y: offset[0] * up[0] + offset[1] * up[1] };
  viewport.setCamera({ flipHorizontal: view.flipH, flipVertical: view.flipV });
}

/** The scale and centre that the viewport has now; tools change them without telling. */
export function readPlace(viewport) {
  const { clientWidth, clientHeight } = viewport.element;
  const center = viewport.canvasToWorld([clientWidth / 2, clientHeight / 2]);
  const top = viewport.canvasToWorld([clientWidth / 2, 0]);
  if (!center || !top) return null;
  return { center: [center[0], center[1]], scale: Math.hypot(center[0] - top[0], center[1] - top[1]) };
}

/** How far the view is zoomed and moved away from fitting: {zoom, x, y}, x and y in screens to the right and up. */
export function relative(viewport, frameSet, view) {
  const fit = fitScale(viewport, frameSet, view);
  const { right, up } = axes(view);
  const [mx, my] = restingCenter(viewport, frameSet, view, fit);
  const [dx, dy] = [view.center[0] - mx, view.center[1] - my];
  return {
    zoom: fit / view.scale,
    x: (dx * right[0] + dy * right[1]) / fit,
    y: (dx * up[0] + dy * up[1]) / fit,
  };
}

/** The view that is zoomed and moved as far from fitting as `relative` told of another image. */
export function withRelative(viewport, frameSet, view, { zoom, x, y }) {
  const fit = fitScale(viewport, frameSet, view);
  const { right, up } = axes(view);
  const [mx, my] = restingCenter(viewport, frameSet, view, fit);
  const center = [mx + (right[0] * x + up[0] * y) * fit, my + (right[1] * x + up[1] * y) * fit];
  return { ...view, scale: fit / zoom, center };
}
