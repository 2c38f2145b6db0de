/** What stands around and over a pane's pixels: labels, letters, scale bar, progress, errors, cine controls. */

import { isWhole } from "./display.js";
import { icon, make } from "./dom.js";
import { edgeLetters, isMirrored } from "./hanging.js";
import { scaleAt } from "./measure.js";
import { date, interval, spokenView, viewLabel } from "./words.js";

const BAR_PIXELS = 120;

export class PaneFace {
  constructor(id) {
    this.viewport = make("div", { className: "pane__viewport" });
    this.layers = make("div", { className: "pane__layers" });
    this.corners = Object.fromEntries(
      ["tl", "tr", "bl", "br"].map((corner) => [corner, make("div", { className: `pane__corner pane__corner--${corner}` })]),
    );
    this.letters = Object.fromEntries(
      ["top", "right", "bottom", "left"].map((edge) => [edge, make("span", { className: `pane__letter pane__letter--${edge}` })]),
    );
    this.bar = make("div", { className: "pane__scale", hidden: true }, make("i"), make("span"));
    this.progress = make("progress", { className: "pane__progress", max: 1, value: 0, "aria-label": "Image arriving" });
    this.progressText = make("p", { className: "pane__progress-text" });
    this.waiting = make("div", { className: "pane__waiting", hidden: true }, this.progress, this.progressText);
    this.failureTitle = make("strong");
    this.failureText = make("p");
    this.retry = make("button", { type: "button", className: "primary", onclick: () => this.onRetry() }, "Try again");
    this.failure = make("div", { className: "pane__failure", role: "alert", hidden: true }, icon("alert"), this.failureTitle, this.failureText, this.retry);
    this.cine = make("div", { className: "pane__cine", hidden: true });
    this.root = make(
      "section",
      { className: "pane", id, tabIndex: 0 },
      this.viewport,
      ...Object.values(this.corners),
      ...Object.values(this.letters),
      this.bar,
      this.waiting,
      this.failure,
      this.cine,
    );
  }

  spoken({ stack, index }) {
    const { image } = stack.entries[index];
    const name = spokenView(image) || stack.label;
    return stack.study.isPrior ? `${name} of ${date(stack.study.date)}` : name;
  }

  /** The texts that change with the image and the frame. */
  describe(pane) {
    const { stack, index } = pane;
    const { image } = stack.entries[index];
    const { study, series } = stack;
    const view = make("strong", { className: "pane__view" }, image.view ? viewLabel(image) : stack.label);
    const when = make("span", { className: study.isPrior ? "pane__prior" : "pane__when" });
    when.textContent = study.isPrior
      ? `Prior · ${date(study.date) || "no date"}${pane.currentDate ? ` · ${interval(study.date, pane.currentDate)}` : ""}`
      : date(study.date);
    const count = stack.entries.length;
    const counted = count > 1 ? `${image.frameSet?.frames > 1 ? "Frame" : "Slice"} ${index + 1} of ${count}` : "";
    const notes = [
      series.description || series.modality,
      image.lossy ? "Lossy compressed" : "",
      image.conflict ? "Contradicts an earlier file" : "",
      image.kind === "derived" ? "Derived object" : "",
    ];
    this.corners.tl.replaceChildren(view, when, ...notes.filter(Boolean).map((text) => make("span", {}, text)));
    this.corners.tr.replaceChildren(counted);
    this.root.setAttribute("aria-label", `${this.spoken(pane)}${counted ? `, ${counted.toLowerCase()}` : ""}`);
    this.root.classList.toggle("pane--prior", study.isPrior);
  }

  /** The texts that change with window, zoom and turning. */
  redraw(pane) {
    if (!pane.isShowing) return;
    const { image, view, window } = pane;
    const rows = [];
    if (window) {
      const digits = isWhole(image.frameSet) ? 0 : 2;
      const unit = image.frameSet.units ? ` ${image.frameSet.units}` : "";
      rows.push(`C ${window.center.toFixed(digits)}  W ${window.width.toFixed(digits)}${unit}`.replaceAll("-", "−"));
    } else if (pane.curve) rows.push(pane.preset.name);
    rows.push(`Zoom ${Math.round(pixelZoom(pane) * 100)}%`);
    const turned = [turnedText(view), pane.isInverted ? "Inverted" : ""];
    this.corners.bl.replaceChildren(...rows.map((text) => make("span", {}, text)), ...turned.filter(Boolean).map((text) => make("span", { className: "pane__turned" }, text)));
    const letters = edgeLetters(image.orientation, view);
    for (const [edge, element] of Object.entries(this.letters)) element.textContent = letters[edge];
    this.#drawScale(pane);
    pane.redrawLayers?.();
  }

  #drawScale(pane) {
    const { frameSet } = pane.image;
    const middle = [frameSet.columns / 2, frameSet.rows / 2];
    const scale = scaleAt(frameSet, [middle]);
    this.bar.hidden = scale.unit !== "mm";
    if (this.bar.hidden) return;
    const mmPerPixel = scale.x / pixelZoom(pane);
    const longest = mmPerPixel * Math.min(BAR_PIXELS, this.viewport.clientWidth / 4);
    const magnitude = 10 ** Math.floor(Math.log10(longest));
    const length = [5, 2, 1].map((digit) => digit * magnitude).find((round) => round <= longest) ?? magnitude;
    this.bar.firstChild.style.width = `${length / mmPerPixel}px`;
    this.bar.lastChild.textContent = length >= 10 ? `${length / 10} cm` : `${Number(length.toPrecision(2))} mm`;
  }

  load(done, total) {
    this.failure.hidden = true;
    this.waiting.hidden = false;
    this.progress.value = done / total;
    this.progressText.textContent = total > 1 ? `${(done / 1024 ** 2).toFixed(1)} of ${(total / 1024 ** 2).toFixed(1)} MB` : "Asking for the image…";
  }

  loaded() {
    this.waiting.hidden = true;
    this.failure.hidden = true;
    this.root.classList.remove("pane--empty");
  }

  fail(message, { canRetry, title = "This image cannot be shown" }) {
    this.waiting.hidden = true;
    this.failure.hidden = false;
    this.failureTitle.textContent = title;
    this.failureText.textContent = message;
    this.retry.hidden = !canRetry;
    this.root.classList.add("pane--empty");
    for (const part of [this.corners.bl, this.corners.br]) part.replaceChildren();
    for (const letter of Object.values(this.letters)) letter.textContent = "";
    this.bar.hidden = true;
  }
}

/** How the image differs from how it is stored; mirroring is never left unsaid. */
function turnedText(view) {
  const rotation = (view.rotation + (view.flipV ? 180 : 0)) % 360;
  if (isMirrored(view) && rotation === 180) return "Upside down";
  return [isMirrored(view) ? "Mirrored" : "", rotation ? `Turned ${rotation}°` : ""].filter(Boolean).join(", ");
}

/** CSS pixels for each pixel of the image, across. */
export function pixelZoom({ viewport, view, image }) {
  const [, columnSpacing] = image.frameSet.spacing ?? [image.frameSet.aspect, 1];
  return (viewport.element.clientHeight / 2 / view.scale) * columnSpacing;
}

