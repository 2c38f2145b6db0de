/** Plays a pane's frames, and the controls under it. */

import { icon, make } from "./dom.js";
import { frameValues } from "./frames.js";
import { prefetch } from "./prefetch.js";
import { rateOf } from "./stacks.js";

export class Cine {
  constructor(pane, scroll) {
    this.pane = pane;
    this.scroll = scroll;
    this.isPlaying = false;
    this.button = make("button", { type: "button", className: "cine__play", onclick: () => this.toggle() });
    this.slider = make("input", { type: "range", className: "cine__slider", min: 1, value: 1, "aria-label": "Frame", oninput: () => this.#goTo(Number(this.slider.value) - 1) });
    this.count = make("output", { className: "cine__count" });
    this.rate = make("input", { type: "number", className: "cine__rate", min: 1, max: 60, "aria-label": "Frames a second" });
    this.loaded = make("span", { className: "cine__loaded" });
    pane.face.cine.append(this.button, this.slider, this.count, this.loaded, make("label", { className: "cine__fps" }, this.rate, " fps"));
    pane.addEventListener("change", ({ detail }) => this.#changed(detail));
    this.#drawButton();
  }

  toggle() {
    if (this.isPlaying) this.stop();
    else this.#play();
  }

  stop() {
    this.isPlaying = false;
    clearTimeout(this.timer);
    this.#drawButton();
  }

  #play() {
    if (!this.pane.isShowing || this.pane.stack.entries.length < 2) return;
    this.isPlaying = true;
    this.#drawButton();
    this.due = performance.now();
    this.#step();
  }

  #step() {
    if (!this.isPlaying || !this.pane.isShowing) return this.stop();
    const { stack, index } = this.pane;
    const next = (index + 1) % stack.entries.length;
    const { image, frame } = stack.entries[next];
    // A frame that has not arrived is waited for, so that the loop never jumps.
    if (frameValues(image, frame)) this.pane.goTo(next);
    else prefetch(stack, next, () => this.#drawLoaded());
    const pause = 1000 / Math.min(Math.max(Number(this.rate.value) || 15, 1), 60);
    this.due = Math.max(this.due + pause, performance.now());
    this.timer = setTimeout(() => this.#step(), this.due - performance.now());
    return undefined;
  }

  #goTo(index) {
    this.stop();
    this.scroll(this.pane, index - this.pane.index);
  }

  #changed(what) {
    const { stack, index } = this.pane;
    const count = stack?.entries.length ?? 0;
    if (what === "stack") {
      this.stop();
      this.pane.face.cine.hidden = count < 2 || !stack.canShow;
      this.slider.max = count;
      if (count > 1) this.rate.value = rateOf(stack);
    }
    if (what === "shown" && count > 1) prefetch(stack, index, () => this.#drawLoaded());
    if (["stack", "shown", "frame"].includes(what)) {
      this.slider.value = index + 1;
      this.count.textContent = `${index + 1} / ${count}`;
      this.#drawLoaded();
    }
  }

  #drawLoaded() {
    const { entries } = this.pane.stack;
    const here = entries.filter(({ image, frame }) => frameValues(image, frame)).length;
    this.loaded.textContent = here < entries.length ? `${here} loaded` : "";
  }

  #drawButton() {
    const label = this.isPlaying ? "Pause" : "Play";
    this.button.replaceChildren(icon(label.toLowerCase()));
    this.button.setAttribute("aria-label", label);
    this.button.title = `${label} (Space)`;
  }
}
