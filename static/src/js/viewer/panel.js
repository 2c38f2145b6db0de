/** The column at the right: what the model says of the active image, its window, its measurements, its facts. */

import { find, icon, make } from "./dom.js";
import { measure, lines, readable } from "./measure.js";
import { frameValues } from "./frames.js";
import { date, percent, spokenView } from "./words.js";

export function showReading(image) {
  const root = find("[data-reading]");
  root.replaceChildren(...(image ? readingOf(image) : [make("p", { className: "small" }, "Choose an image.")]));
}

function readingOf(image) {
  const { reading } = image;
  if (image.state !== "ready") {
    return [make("div", { className: "answer answer--none" }, make("p", { className: "answer__head" }, "Not read"), make("p", {}, image.message))];
  }
  if (!reading) {
    const title = image.readingState === "waiting" ? "Being read" : "Not read";
    const why = image.unreadReason || (image.readingState === "waiting" ? "The answer appears here by itself." : "");
    return [make("div", { className: "answer answer--none" }, make("p", { className: "answer__head" }, title), make("p", {}, why))];
  }
  const box = make("div", { className: `answer answer--${reading.finding || reading.status}` });
  if (reading.status === "refused") box.append(make("p", { className: "answer__head" }, "Not scored"), make("p", {}, reading.reason));
  else box.append(...scored(reading));
  const remarks = reading.reasons.filter((text) => text && text !== reading.reason);
  if (remarks.length) box.append(make("ul", {}, ...remarks.map((text) => make("li", {}, text))));
  const facts = [
    make("p", { className: "small" }, "Answered by ", make("a", { href: reading.modelUrl }, reading.model), "."),
    reading.trainedOn ? make("p", { className: "small" }, `Trained on ${reading.trainedOn.replace(/\.$/, "")}.`) : null,
    reading.seenInTraining ? make("p", { className: "small caution" }, "The model was trained on this very image, so its answer is no independent evidence.") : null,
    make("p", { className: "small" }, "Not a certified medical device: an answer supports your judgement and does not replace it."),
  ];
  return [box, ...facts.filter(Boolean)];
}

function scored({ status, finding, probability, interval, threshold, reason }) {
  const head = status === "uncertain" ? "Uncertain" : `Reads ${finding}`;
  const scale = make("div", { className: "scale", role: "img" });
  scale.setAttribute("aria-label", `Probability of malignancy ${percent(probability)}`);
  const band = make("i", { className: "scale__interval" });
  if (interval) {
    band.style.left = `${interval[0] * 100}%`;
    band.style.width = `${(interval[1] - interval[0]) * 100}%`;
  }
  const needle = make("i", { className: "scale__needle" });
  needle.style.left = `${probability * 100}%`;
  const mark = make("i", { className: "scale__threshold" });
  mark.style.left = `${threshold * 100}%`;
  scale.append(band, mark, needle);
  // How far the ensemble's members disagree, not the whole uncertainty.
  const spread = interval ? `The model’s members say ${percent(interval[0])} to ${percent(interval[1])}; from` : "From";
  return [
    make("p", { className: "answer__head" }, head),
    make("p", { className: "answer__figure" }, make("strong", {}, percent(probability)), " probability of malignancy"),
    scale,
    make("p", { className: "scale__ends" }, make("span", {}, "benign"), make("span", {}, "malignant")),
    make("p", { className: "small" }, `${spread} ${percent(threshold)} on it reads malignant.`),
    status === "uncertain" ? make("p", {}, `${reason} Treat this as no second opinion.`) : null,
  ].filter(Boolean);
}

/** What else is known of the image: [[name, value], …] as a list. */
export function showAbout(pane) {
  const root = find("[data-about]");
  const { image, stack } = pane ?? {};
  const rows = image ? aboutRows(image, stack) : [];
  root.replaceChildren(...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function aboutRows(image, { series, study }) {
  const { frameSet } = image;
  const rows = [
    ["View", spokenView(image) || "not stated"],
    ["Study", [date(study.date), study.description].filter(Boolean).join(", ") || "–"],
    ["Modality", series.modality || "not stated"],
  ];
  if (frameSet) {
    rows.push(["Size", `${frameSet.columns} × ${frameSet.rows} px${frameSet.frames > 1 ? `, ${frameSet.frames} frames` : ""}`]);
    rows.push(["Pixels", spacingText(frameSet)]);
  }
  if (image.lossy) rows.push(["Compression", "lossy: fine detail may be lost or invented"]);
  if (image.conflict) rows.push(["Conflict", "another file has the same identifier and other contents"]);
  if (study.deidentified) rows.push(["Identity", "removed on arrival"]);
  for (const warning of image.warnings.filter(Boolean)) rows.push(["Remark", warning]);
  if (image.fileUrl) rows.push(["File", make("a", { href: image.fileUrl, download: "" }, "Download the original")]);
  return rows;
}

function spacingText({ spacing, spacing_source: source, regions }) {
  if (!spacing && !regions.some((region) => region.spacing)) return "size unknown: lengths are in px";
  const [row, column] = spacing ?? regions.find((region) => region.spacing).spacing;
  const number = (value) => Number(value.toPrecision(3));
  const text = Math.abs(row - column) < 1e-6 ? `${number(row)} mm` : `${number(row)} × ${number(column)} mm`;
  const names = {
    PixelSpacing: "",
    ImagerPixelSpacing: " at the detector",
    NominalScannedPixelSpacing: " on the film",
    UltrasoundRegion: " in the ultrasound region",
  };
  return `${text}${names[source] ?? ""}`;
}

const TOOL_NAMES = { length: "Length", angle: "Angle", ellipse: "Ellipse", rectangle: "Rectangle", probe: "Value", arrow: "Note" };

/** The list of marks; `actions` are jump, rename, remove and retry. */
export function showMarks(marks, actions) {
  const several = new Set(marks.map(({ image }) => image.id)).size > 1;
  find("[data-marks-count]").textContent = marks.length;
  find("[data-marks-empty]").hidden = marks.length > 0;
  const root = find("[data-marks]");
  const focused = document.activeElement?.closest?.("[data-mark]")?.dataset;
  root.replaceChildren(...marks.map((mark) => row(mark, several, actions)));
  if (focused) root.querySelector(`[data-mark="${focused.mark}"] .mark__jump`)?.focus();
}

function row(mark, several, { jump, rename, remove, retry }) {
  const found = measure(mark, mark.image, frameValues(mark.image, mark.frame));
  const figures = mark.tool === "arrow" ? mark.label : lines(found).join(" · ");
  const title = mark.tool === "arrow" ? "Note" : mark.label || TOOL_NAMES[mark.tool];
  const size = found.values.find(({ name }) => name === "Size");
  const where = [several ? spokenView(mark.image) : "", mark.image.frameSet.frames > 1 ? `frame ${mark.frame}` : ""].filter(Boolean).join(", ");
  const details = [size ? `${readable(size.value)} ${size.unit}` : "", found.source, where, mark.mine ? "" : mark.author].filter(Boolean);
  const item = make("li", { className: `mark mark--${mark.status}`, "data-mark": mark.uid });
  const go = make("button", { type: "button", className: "mark__jump", onclick: () => jump(mark) });
  go.append(make("span", { className: "mark__title" }, title), make("span", { className: "mark__figures" }, figures), make("span", { className: "mark__details" }, details.join(" · ")));
  item.append(go);
  if (mark.mine) {
    item.append(
      make("button", { type: "button", className: "mark__tool", title: "Rename", onclick: () => rename(mark), "aria-label": `Rename ${title}` }, icon("edit")),
      make("button", { type: "button", className: "mark__tool", title: "Delete", onclick: () => remove(mark), "aria-label": `Delete ${title}` }, icon("bin")),
    );
  }
  if (mark.status === "failed") {
    item.append(make("p", { className: "mark__problem" }, `Not saved: ${mark.problem} `, make("button", { type: "button", className: "linkish", onclick: retry }, "Try again")));
  }
  return item;
}

/** Whether every mark is kept by the site. */
export function showSaved({ failed, unsaved, all }) {
  const saved = find("[data-saved]");
  const text = failed.length ? "Not saved" : unsaved.length ? "Saving…" : all.size ? "Saved" : "";
  if (saved.textContent !== text) saved.textContent = text;
  saved.dataset.state = failed.length ? "failed" : unsaved.length ? "saving" : "saved";
}
