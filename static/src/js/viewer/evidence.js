/** The evidence map: whether it lies over the image, and how strongly. */

import { announce, find } from "./dom.js";

const OPACITY = "viewer-evidence-opacity";

export class Evidence {
  constructor(redraw) {
    this.redraw = redraw;
    this.isOn = false;
    this.section = find("[data-evidence]");
    this.box = find("[data-evidence-on]");
    this.slider = find("[data-evidence-opacity]");
    this.slider.value = localStorage.getItem(OPACITY) ?? this.slider.value;
    this.box.addEventListener("change", () => this.#set(this.box.checked));
    this.slider.addEventListener("input", () => {
      localStorage.setItem(OPACITY, this.slider.value);
      this.#drawValue();
      if (!this.isOn) this.#set(true);
      this.redraw();
    });
    this.#drawValue();
  }

  get opacity() {
    return Number(this.slider.value) / 100;
  }

  /** The part of the panel is there when the image has a map. */
  offer(image) {
    this.section.hidden = !image?.reading?.evidenceUrl;
  }

  /** The address of the map to lay over this frame, or nothing. */
  urlFor(image, frame) {
    const reading = image?.reading;
    return this.isOn && reading?.evidenceUrl && reading.frame === frame ? reading.evidenceUrl : null;
  }

  toggle() {
    if (this.section.hidden) announce("There is no evidence map for this image.");
    else this.#set(!this.isOn);
  }

  #set(isOn) {
    this.isOn = isOn;
    this.box.checked = isOn;
    announce(isOn ? "Evidence map shown." : "Evidence map hidden.");
    this.redraw();
  }

  #drawValue() {
    find("[data-evidence-value]").textContent = `${this.slider.value}%`;
  }
}
