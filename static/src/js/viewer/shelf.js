/** The column at the left: series with thumbnails, kept documents, and the patient's other studies. */

import { icon, make } from "./dom.js";
import { answerLine, date, interval, size } from "./words.js";

const DOCUMENTS = {
  structured_report: "Structured report",
  encapsulated_document: "Document",
  radiotherapy: "Radiotherapy plan",
  presentation_state: "Presentation state",
  waveform: "Waveform",
  directory: "Directory of a disc",
  derived_object: "Derived object",
};

/** Draws the shelf. `open(stack)` and `openPrior(prior)` are called when something is chosen. */
export function drawShelf(root, { manifest, stacks, priors, open, openPrior }) {
  const parts = [study(manifest, stacks, open)];
  for (const prior of priors) parts.push(priorStudy(prior, manifest, open, openPrior));
  root.replaceChildren(...parts);
}

function study(manifest, stacks, open) {
  const part = make("section", { className: "shelf__study", "aria-label": "This study" });
  part.append(make("h2", { className: "shelf__title" }, "This study"));
  part.append(...seriesOf(manifest, stacks, open));
  return part;
}

function seriesOf(manifest, stacks, open) {
  return manifest.series.map((series) => {
    const own = stacks.filter((stack) => stack.series.id === series.id);
    const block = make("div", { className: "series" });
    const name = series.description || `Series ${series.number ?? ""}`.trim();
    block.append(make("h3", { className: "series__title" }, make("span", { className: "series__modality" }, series.modality || "?"), name));
    if (own.length) block.append(make("ul", { className: "thumbs" }, ...own.map((stack) => make("li", {}, thumb(stack, open)))));
    for (const kept of series.documents) block.append(documentOf(kept));
    return block;
  });
}

function thumb(stack, open) {
  const { image } = stack.entries[0];
  const button = make("button", { type: "button", className: "thumb", draggable: stack.canShow, onclick: () => open(stack) });
  button.dataset.stack = stack.key;
  button.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/x-stack", stack.key));
  const picture = make("span", { className: "thumb__picture" });
  if (image.thumbnailUrl) {
    const img = make("img", { alt: "", loading: "lazy", decoding: "async", width: 128, height: 128, src: image.thumbnailUrl });
    img.onerror = () => picture.replaceChildren(icon("alert"));
    picture.append(img);
  } else picture.append(icon(image.state === "ready" ? "alert" : "lock"));
  const count = stack.entries.length;
  if (count > 1) picture.append(make("span", { className: "thumb__count" }, String(count)));
  button.append(picture, make("span", { className: "thumb__label" }, stack.label), stateOf(image));
  return button;
}

function stateOf(image) {
  const state = { quarantined: "Waiting for review", rejected: "Rejected" }[image.state] ?? answerLine(image);
  const tone = image.reading ? image.reading.finding || image.reading.status : "none";
  return make("span", { className: `thumb__state thumb__state--${tone}` }, state);
}

/** Writes what was answered under the thumbnails that are there, whose pictures and focus stay. */
export function drawAnswers(root, stacks) {
  for (const { key, entries } of stacks) root.querySelector(`[data-stack="${key}"] .thumb__state`)?.replaceWith(stateOf(entries[0].image));
}

function documentOf(kept) {
  const name = DOCUMENTS[kept.keptAs] ?? "Not an image";
  const block = make("div", { className: "document" }, icon("document"), make("span", { className: "document__name" }, name));
  block.append(make("span", { className: "document__facts" }, [kept.name, size(kept.bytes)].filter(Boolean).join(" · ")));
  if (kept.fileUrl) block.append(make("a", { href: kept.fileUrl, download: "" }, "Download"));
  else block.append(make("span", {}, kept.message));
  return block;
}

function priorStudy(prior, manifest, open, openPrior) {
  const part = make("section", { className: "shelf__study shelf__study--prior" });
  part.setAttribute("aria-label", `${prior.isEarlier === false ? "Later" : "Earlier"} study of ${date(prior.date) || "unknown date"}`);
  const title = make("h2", { className: "shelf__title" }, date(prior.date) || "No date");
  part.append(title, make("p", { className: "shelf__when" }, [interval(prior.date, manifest.study.date), prior.description].filter(Boolean).join(" · ")));
  if (prior.manifest) part.append(...seriesOf(prior.manifest, prior.stacks, open));
  else {
    const compare = make("button", { type: "button", className: "quiet", onclick: () => openPrior(prior) }, prior.isLoading ? "Opening…" : "Compare side by side");
    part.append(compare);
    if (prior.problem) part.append(make("p", { className: "caution", role: "alert" }, prior.problem));
  }
  return part;
}

/** Marks the thumbnails whose stacks are on the screen. */
export function markShown(root, panes, active) {
  const shown = new Map(panes.filter((pane) => pane.stack).map((pane) => [pane.stack.key, pane === active]));
  for (const button of root.querySelectorAll(".thumb")) {
    const key = button.dataset.stack;
    button.classList.toggle("thumb--shown", shown.has(key));
    button.toggleAttribute("aria-current", [...shown].some(([each, isActive]) => each === key && isActive));
  }
}
