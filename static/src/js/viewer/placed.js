/** Where a pane's image lies: turned, zoomed, moved. */

import { applyView, fittedView, readPlace, relative, withRelative } from "./camera.js";

/** The part of a pane that places its image. What extends it has `viewport`, `face`, `image` and `isShowing`. */
export class Placed extends EventTarget {
  view = null;
  isPlacing = false; // while Cornerstone moves the camera itself, which is nobody's wish

  /** Turning and mirroring. */
  turn(change) {
    if (!this.isShowing) return;
    const { zoom } = relative(this.viewport, this.image.frameSet, this.view);
    const turning = { ...this.view, ...change };
    turning.rotation = (turning.rotation + 360) % 360;
    const fitted = fittedView(this.viewport, this.image.frameSet, turning);
    this.put({ ...fitted, scale: fitted.scale / zoom, center: this.view.center });
    this.viewport.render();
    this.say("turned");
  }

  /** Zooms by a factor around a point of the pane, its middle if none is given. */
  zoom(factor, at) {
    if (!this.isShowing) return;
    const { clientWidth, clientHeight } = this.face.viewport;
    const world = this.viewport.canvasToWorld(at ?? [clientWidth / 2, clientHeight / 2]);
    const keep = 1 / factor;
    const center = [0, 1].map((axis) => world[axis] + (this.view.center[axis] - world[axis]) * keep);
    this.put({ ...this.view, scale: this.view.scale * keep, center });
    this.viewport.render();
    this.say("view");
  }

  /** Moves the image by parts of the pane's height, to the right and down. */
  pan(dx, dy) {
    const { zoom, x, y } = this.relative();
    this.setRelative({ zoom, x: x - (2 * dx) / zoom, y: y + (2 * dy) / zoom }); // the scale is half a height
    this.say("view");
  }

  /** How far the image is zoomed and moved; stays the same when the pane's size changes. */
  relative() {
    return this.place;
  }

  setRelative(place) {
    this.put(withRelative(this.viewport, this.image.frameSet, this.view, place));
    this.place = place;
    this.viewport.render();
  }

  /** Keeps zoom and place when the pane has another size. */
  resized() {
    this.isPlacing = false;
    if (this.isShowing) this.setRelative(this.place);
  }

  /** Shows the image as `view` says. */
  put(view) {
    this.view = view;
    this.place = relative(this.viewport, this.image.frameSet, view);
    this.isPlacing = true;
    applyView(this.viewport, this.image.frameSet, view);
    this.isPlacing = false;
    this.face.redraw(this);
  }

  /** A hand or Cornerstone moved the camera. */
  cameraMoved() {
    if (this.isPlacing || !this.isShowing) return;
    const place = readPlace(this.viewport);
    if (!place) return;
    this.view = { ...this.view, ...place };
    this.place = relative(this.viewport, this.image.frameSet, this.view);
    this.face.redraw(this);
    this.say("view");
  }

  say(what) {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }
}
