/** The grid of panes: how many there are, which is active, and that they fill the screen at every size. */

import { Pane } from "./pane.js";

export const LAYOUTS = {
  "1x1": { name: "One image", rows: 1, columns: 1 },
  "1x2": { name: "Two side by side", rows: 1, columns: 2 },
  "2x2": { name: "Four, two by two", rows: 2, columns: 2 },
  "1x4": { name: "Four in a row", rows: 1, columns: 4 },
};

export class Layout extends EventTarget {
  constructor(root, engine) {
    super();
    this.root = root;
    this.engine = engine;
    this.panes = [];
    this.name = "";
    new ResizeObserver(() => this.#resized()).observe(root);
    window.addEventListener("resize", () => this.#resized());
  }

  /** Makes as many panes as the layout has; those that stay keep what they show. */
  use(name) {
    const { rows, columns } = LAYOUTS[name];
    this.name = name;
    this.root.dataset.layout = name;
    while (this.panes.length > rows * columns) {
      const pane = this.panes.pop();
      this.#say("removed", pane);
      pane.disable();
    }
    while (this.panes.length < rows * columns) this.#add();
    if (!this.panes.includes(this.active)) this.activate(this.panes[0]);
    this.#resized();
    this.#say("layout");
  }

  activate(pane) {
    if (this.active === pane) return;
    this.active = pane;
    for (const each of this.panes) each.root.classList.toggle("pane--active", each === pane);
    this.#say("active", pane);
  }

  /** The pane to the right of the active one, the first after the last. */
  get beside() {
    return this.panes[(this.panes.indexOf(this.active) + 1) % this.panes.length];
  }

  #add() {
    const numbers = this.panes.map(({ id }) => Number(id.slice("pane-".length)));
    const free = [1, 2, 3, 4].find((number) => !numbers.includes(number));
    const pane = new Pane(this.engine, `pane-${free}`);
    this.root.append(pane.root);
    this.panes.push(pane);
    pane.enable();
    for (const event of ["pointerdown", "focusin"]) pane.root.addEventListener(event, () => this.activate(pane));
    pane.addEventListener("change", ({ detail }) => this.#say(detail, pane));
    pane.addEventListener("scroll", ({ detail }) => this.dispatchEvent(new CustomEvent("scroll", { detail: { pane, by: detail } })));
    this.#say("added", pane);
  }

  #resized() {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => {
      for (const pane of this.panes) pane.isPlacing = true; // Cornerstone fits the images anew
      this.engine.resize(true, false);
      for (const pane of this.panes) pane.resized();
    });
  }

  #say(what, pane) {
    this.dispatchEvent(new CustomEvent("change", { detail: { what, pane } }));
  }
}
