/** One pane: a stack in a Cornerstone viewport, with what is written at its edges. */

import { cache, Enums, getEnabledElement } from "@cornerstonejs/core";

import { fittedView } from "./camera.js";
import { announce } from "./dom.js";
import { domainOf, isFalling, presetsOf, shownRange, windowOf } from "./display.js";
import { frameValues, loadFrame } from "./frames.js";
import { hungView, isMammogram } from "./hanging.js";
import { chooseCurve, imageIdOf, watchProgress } from "./loader.js";
import { PaneFace } from "./pane-face.js";
import { Placed } from "./placed.js";
import { prefetch } from "./prefetch.js";

const UPRIGHT = { flipH: false, flipV: false, rotation: 0 };

export class Pane extends Placed {
  constructor(engine, id) {
    super();
    this.id = id;
    this.engine = engine;
    this.face = new PaneFace(id);
    this.root = this.face.root;
    this.stack = null;
    this.index = 0;
    this.isInverted = false;
    this.shows = 0; // counts the stacks asked for, so that a slow one does not overtake a later one
    this.face.onRetry = () => this.show(this.stack, { index: this.index, force: true });
  }

  /** Makes the viewport; the pane stands in the page by now. */
  enable() {
    const { viewport: element } = this.face;
    this.engine.enableElement({
      viewportId: this.id,
      type: Enums.ViewportType.STACK,
      element,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.viewport = this.engine.getViewport(this.id);
    // Evidence and graphics lie over the pixels and under the marks.
    element.querySelector(".svg-layer").before(this.face.layers);
    element.addEventListener(Enums.Events.CAMERA_MODIFIED, () => this.cameraMoved());
    element.addEventListener(Enums.Events.VOI_MODIFIED, (event) => this.#windowMoved(event.detail.range));
    // Between the two Cornerstone moves the camera itself, which is nobody's wish.
    element.addEventListener(Enums.Events.PRE_STACK_NEW_IMAGE, () => (this.isPlacing = true));
    element.addEventListener(Enums.Events.STACK_NEW_IMAGE, (event) => this.#arrived(event.detail.imageIdIndex));
    element.addEventListener(Enums.Events.IMAGE_RENDERED, () => this.#rendered());
    element.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
  }

  disable() {
    if (getEnabledElement(this.face.viewport)) this.engine.disableElement(this.id);
    this.root.remove();
  }

  get image() {
    return this.stack?.entries[this.index].image ?? null;
  }

  get frame() {
    return this.stack?.entries[this.index].frame ?? 0;
  }

  /** Whether pixels are on the screen. */
  get isShowing() {
    return Boolean(this.view);
  }

  /** The frame's stored values. */
  get values() {
    return this.image && frameValues(this.image, this.frame);
  }

  /** Shows a stack; `hang` turns a mammogram as it is hung. */
  async show(stack, { index = 0, hang = true, force = false } = {}) {
    const turn = (this.shows += 1);
    this.stack = stack;
    this.index = index;
    this.view = null;
    this.isInverted = false;
    this.range = null;
    this.curve = null;
    delete this.root.dataset.shown;
    this.face.describe(this);
    this.say("stack");
    if (!stack.canShow) {
      this.face.fail(this.image.message, { canRetry: false, title: titleOf(this.image) });
      return;
    }
    const { image, frame } = stack.entries[index];
    this.face.load(0, 1);
    try {
      if (force) forget(imageIdOf(image, frame));
      const values = await loadFrame(image, frame, (done, total) => turn === this.shows && this.face.load(done, total));
      if (turn !== this.shows) return;
      this.turning = hang && isMammogram(image) ? hungView(image, values) : { ...UPRIGHT };
      this.root.classList.toggle("pane--flush-left", this.turning.against === "left");
      this.presets = presetsOf(image, stack.series.modality);
      await this.#load(this.presets[0].lut ?? null);
      if (turn !== this.shows) return;
      this.view = fittedView(this.viewport, image.frameSet, this.turning);
      this.#useWindow(this.presets[0]);
      this.put(this.view);
      this.viewport.render();
      this.face.loaded();
      this.say("shown");
      announce(`${this.face.spoken(this)} shown.`);
      prefetch(stack, index);
    } catch (error) {
      if (turn !== this.shows) return;
      this.face.fail(error.message, { canRetry: error.canRetry !== false });
      this.say("failed");
    }
  }

  /** Goes to another frame or slice of the stack. */
  async goTo(index) {
    if (!this.isShowing) return;
    const last = this.stack.entries.length - 1;
    const wanted = Math.min(Math.max(index, 0), last);
    if (wanted === this.index) return;
    const { image, frame } = this.stack.entries[wanted];
    watchProgress(imageIdOf(image, frame), (done, total) => this.face.load(done, total));
    try {
      await loadFrame(image, frame);
      await this.viewport.setImageIdIndex(wanted);
      this.face.loaded();
    } catch (error) {
      this.isPlacing = false;
      this.face.fail(error.message, { canRetry: error.canRetry !== false });
    }
  }

  /** Black for white. */
  invert() {
    if (!this.isShowing) return;
    this.isInverted = !this.isInverted;
    this.#applyInvert();
    this.viewport.render();
    this.say("window");
  }

  /** As it was when it was hung. */
  reset() {
    if (!this.isShowing) return;
    this.isInverted = false;
    this.put(fittedView(this.viewport, this.image.frameSet, this.turning));
    this.usePreset(this.presets[0]);
    this.say("turned");
    this.say("view");
  }

  /** A window, or a curve of the file. */
  async usePreset(preset) {
    if (!this.isShowing) return;
    const { view } = this;
    if ((preset.lut ?? null) !== this.curve) {
      await this.#load(preset.lut ?? null);
      this.put(view);
    }
    this.#useWindow(preset);
    this.viewport.render();
  }

  /** Sets centre and width in the image's units. */
  setWindow(window) {
    if (!this.isShowing) return;
    this.usePreset({ name: "", window });
  }

  /** Centre and width in the image's units; null for colours and while a curve is used. */
  get window() {
    if (!this.range || this.curve || this.image.frameSet.samples === 3) return null;
    const { toUnits } = domainOf(this.image.frameSet);
    const ends = [toUnits(this.range.lower), toUnits(this.range.upper)].sort((a, b) => a - b);
    return windowOf({ lower: ends[0], upper: ends[1] }, this.preset?.window?.function ?? "LINEAR");
  }

  /** Gives the stack to the viewport, its values through a curve or as they are. */
  async #load(curve) {
    this.curve = curve;
    const changed = new Set(this.stack.entries.map(({ image }) => image).filter((image) => chooseCurve(image, curve)));
    for (const { image, frame } of this.stack.entries) if (changed.has(image)) forget(imageIdOf(image, frame));
    const ids = this.stack.entries.map((entry) => imageIdOf(entry.image, entry.frame));
    await this.viewport.setStack(ids, this.index);
  }

  #useWindow(preset) {
    this.preset = preset;
    this.viewport.setProperties({ voiRange: shownRange(this.image, preset) });
    this.#applyInvert();
  }

  #applyInvert() {
    this.viewport.setProperties({ invert: isFalling(this.image.frameSet, this.curve) !== this.isInverted });
  }

  #windowMoved(range) {
    this.range = range;
    if (this.isShowing) this.say("window");
    this.face.redraw(this);
  }

  #arrived(index) {
    this.isPlacing = false;
    if (!this.isShowing) return;
    this.index = index;
    this.put(this.view); // Cornerstone fits a new image anew
    this.face.describe(this);
    this.say("frame");
  }

  #rendered() {
    if (!this.isShowing || this.root.dataset.shown === this.image.id) return;
    this.root.dataset.shown = this.image.id;
    performance.mark("ready");
    this.say("pixels");
  }

  #wheeled(event) {
    event.preventDefault();
    if (!this.isShowing) return;
    const forward = event.deltaY > 0;
    if (this.stack.entries.length > 1 && !event.ctrlKey) {
      this.dispatchEvent(new CustomEvent("scroll", { detail: forward ? 1 : -1 }));
      return;
    }
    const box = this.face.viewport.getBoundingClientRect();
    this.zoom(forward ? 1 / 1.15 : 1.15, [event.clientX - box.left, event.clientY - box.top]);
  }
}

/** Has Cornerstone ask for the image again. */
function forget(imageId) {
  if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId);
}

function titleOf(image) {
  return { quarantined: "Waiting for review", rejected: "Rejected on review" }[image.state] ?? "No picture";
}
