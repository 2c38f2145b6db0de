/** Centre and width of the active pane's window, as numbers. */

import { find } from "./dom.js";
import { rounded } from "./words.js";

export class WindowForm {
  /** `chosen({center, width})` is called with what was typed. */
  constructor(chosen) {
    this.form = find("[data-window]");
    this.part = find("[data-window-part]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [center, width] = ["center", "width"].map((name) => Number(event.target.elements[name].value));
      if (Number.isFinite(center) && width > 0) chosen({ center, width });
    });
  }

  /** Writes a window, unless somebody is typing; without one there is nothing to type. */
  draw(window) {
    this.part.hidden = !window;
    if (!window || this.form.contains(document.activeElement)) return;
    this.form.elements.center.value = rounded(window.center);
    this.form.elements.width.value = rounded(window.width);
  }
}
