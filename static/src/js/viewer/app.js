/** The image viewer: one study, and earlier ones beside it. */

import { act } from "./actions.js";
import { request } from "./api.js";
import { Cine } from "./cine.js";
import { announce, find } from "./dom.js";
import { Evidence } from "./evidence.js";
import { follow } from "./following.js";
import { Layers } from "./layers.js";
import { Layout } from "./layout.js";
import { Linking } from "./linking.js";
import { register } from "./loader.js";
import { Marks } from "./marks.js";
import { layoutMenu, presetMenu } from "./menus.js";
import { askForText } from "./naming.js";
import { showAbout, showMarks, showReading, showSaved } from "./panel.js";
import { planOf } from "./plan.js";
import { drawAnswers, drawShelf, markShown } from "./shelf.js";
import { startShortcuts } from "./shortcuts.js";
import { stacksOf } from "./stacks.js";
import { startEngine } from "./start.js";
import { Toolbar } from "./toolbar.js";
import { startTools } from "./tools.js";
import { WindowForm } from "./window-form.js";
import { answerLine, date, patientFacts } from "./words.js";

class Viewer {
  constructor(manifest) {
    this.manifest = manifest;
    this.stacks = this.#take(manifest);
    this.plan = planOf(manifest, this.stacks);
    this.priors = manifest.priors.map((prior) => ({ ...prior, manifest: null, stacks: [] }));
    this.engine = startEngine(this.#largest());
    this.hand = startTools(askForText);
    this.marks = new Marks();
    this.marks.take(manifest);
    this.layout = new Layout(find("[data-panes]"), this.engine);
    this.linking = new Linking(this.layout);
    this.cines = new Map();
    this.layers = new Map();
    find("[data-panes]").dataset.tool = "window";
    this.showsGraphics = true;
    this.marks.viewportIds = () => this.layout.panes.filter((pane) => pane.isShowing).map(({ id }) => id);
    this.evidence = new Evidence(() => this.#drawLayers());
    this.toolbar = new Toolbar(find("[data-toolbar]"), {
      useTool: (name) => this.useTool(name),
      act: (name) => act(this, name),
      menus: {
        presets: () => presetMenu(this.layout.active),
        layout: () => layoutMenu(this.layout.name, (name) => this.useLayout(name)),
      },
    });
    this.#listen();
  }

  #take(manifest, options) {
    for (const series of manifest.series) for (const image of series.images) register(image, series.modality);
    return stacksOf(manifest, options);
  }

  #largest() {
    const sizes = this.stacks.flatMap(({ entries }) => entries.map(({ image }) => image.frameSet ?? { rows: 0, columns: 0 }));
    return Math.max(0, ...new Set(sizes.map(({ rows, columns }) => Math.max(rows, columns))));
  }

  /** Shows what the address asks for: an image, a comparison, or the study as it is hung. */
  async start(onFirst) {
    const { study, patient } = this.manifest;
    find("[data-facts]").textContent = patientFacts(patient, study.date);
    find("[data-study]").textContent = [date(study.date), study.description].filter(Boolean).join(" · ");
    this.#drawShelf();
    const { layout, stacks, first, prior } = this.plan;
    this.layout.use(layout);
    if (!stacks.length) find("[data-panes]").append("This study holds no images.");
    const panes = this.layout.panes.slice(0, stacks.length);
    // The image that is already on its way comes first; the others must not take the line from it.
    if (stacks.length) await this.open(stacks[first], panes[first]);
    onFirst();
    panes.forEach((pane, index) => index !== first && this.open(stacks[index], pane));
    if (stacks.length > 1) this.setLinked(true);
    follow(this.manifest, (images) => this.#answered(images));
    if (prior) await this.compare(this.priors.find(({ id }) => id === prior));
  }

  /** Shows answers that have come while the study was open. */
  #answered(images) {
    drawAnswers(find("[data-shelf]"), this.stacks);
    const { image } = this.layout.active;
    if (!images.includes(image)) return;
    this.#drawPanel();
    this.#drawLayers();
    announce(`Second reader: ${answerLine(image)}.`);
  }

  open(stack, pane = this.layout.active) {
    pane.currentDate = this.manifest.study.date;
    return pane.show(stack, { index: stack === pane.stack ? pane.index : 0 });
  }

  /** Brings a prior study into the pane beside the active one, the like view if there is one. */
  async compare(prior) {
    Object.assign(prior, { isLoading: true, problem: "" });
    this.#drawShelf();
    try {
      prior.manifest = await (await request(prior.manifestUrl)).json();
      prior.stacks = this.#take(prior.manifest, { isPrior: true });
      this.marks.take(prior.manifest);
    } catch (error) {
      prior.problem = error.message;
    }
    prior.isLoading = false;
    this.#drawShelf();
    if (!prior.stacks.length) return;
    const current = this.layout.active;
    if (this.layout.panes.length < 2) this.layout.use("1x2");
    const like = this.#likeness(current.image);
    const best = [...prior.stacks].filter(({ canShow }) => canShow).sort((a, b) => like(b) - like(a))[0];
    if (best) this.open(best, this.layout.panes.find((pane) => pane !== current));
    this.setLinked(true);
  }

  #likeness(image) {
    return ({ entries: [{ image: other }], series }) =>
      2 * (other.laterality === image?.laterality) + 2 * (other.view === image?.view) + (series.modality === this.layout.active.stack?.series.modality);
  }

  useTool(name) {
    this.hand.use(name);
    this.toolbar.chose(name);
    find("[data-panes]").dataset.tool = name;
  }

  setLinked(isOn) {
    this.linking.set(isOn);
    this.toolbar.press("link", isOn);
  }

  /** Opens the image before or after the active pane's. */
  showNeighbour(by) {
    const pane = this.layout.active;
    const all = pane.stack?.study.isPrior ? this.priors.flatMap(({ stacks }) => stacks) : this.stacks;
    const next = all[all.indexOf(pane.stack) + by];
    if (next) this.open(next);
  }

  /** Another layout; new panes take the images that are not on the screen yet. */
  useLayout(name) {
    const { hung } = this.plan;
    this.layout.use(name);
    const shown = new Set(this.layout.panes.map(({ stack }) => stack?.key));
    const waiting = (hung ?? this.stacks).filter((stack) => stack.canShow && !shown.has(stack.key));
    if (hung && this.layout.panes.length === 4) this.layout.panes.forEach((pane, index) => this.open(hung[index], pane));
    else for (const pane of this.layout.panes) if (!pane.stack && waiting.length) this.open(waiting.shift(), pane);
  }

  /** The files' own overlays, on or off. */
  toggleGraphics() {
    this.showsGraphics = !this.showsGraphics;
    this.#drawLayers();
  }

  #listen() {
    this.layout.addEventListener("change", ({ detail }) => this.#changed(detail));
    this.layout.addEventListener("scroll", ({ detail }) => this.linking.scroll(detail.pane, detail.by));
    this.marks.addEventListener("change", () => this.#drawMarks());
    this.marks.history.addEventListener("change", () => {
      this.toolbar.enable("undo", this.marks.history.canUndo);
      this.toolbar.enable("redo", this.marks.history.canRedo);
    });
    startShortcuts((...action) => act(this, ...action));
    document.addEventListener("fullscreenchange", () => this.toolbar.press("fullscreen", Boolean(document.fullscreenElement)));
    this.windowForm = new WindowForm((window) => this.layout.active.setWindow(window));
  }

  #changed({ what, pane }) {
    if (what === "added") this.#welcome(pane);
    if (what === "removed") this.#dismiss(pane);
    if (pane && pane === this.layout.active) {
      if (["active", "stack", "shown", "frame"].includes(what)) this.#drawPanel();
      if (["active", "shown", "turned", "window"].includes(what)) this.#drawButtons();
      if (["active", "shown", "window"].includes(what)) this.windowForm.draw(this.layout.active.window);
    }
    if (["active", "stack", "layout"].includes(what)) markShown(find("[data-shelf]"), this.layout.panes, this.layout.active);
    if (["stack", "shown", "frame", "active"].includes(what)) this.#drawLayers();
    if (["stack", "shown", "frame", "layout", "active"].includes(what)) this.#drawMarks();
  }

  #welcome(pane) {
    this.hand.add(pane, this.engine.id);
    this.cines.set(pane, new Cine(pane, (each, by) => this.linking.scroll(each, by)));
    this.layers.set(pane, new Layers(pane));
    pane.root.addEventListener("dragover", (event) => event.preventDefault());
    pane.root.addEventListener("drop", (event) => {
      event.preventDefault();
      const key = event.dataTransfer.getData("text/x-stack");
      const stack = [...this.stacks, ...this.priors.flatMap(({ stacks }) => stacks)].find((each) => each.key === key);
      if (stack) this.open(stack, pane);
    });
  }

  #dismiss(pane) {
    this.cines.get(pane).stop();
    this.cines.delete(pane);
    this.layers.delete(pane);
    this.hand.remove(pane, this.engine.id);
  }

  #drawShelf() {
    const root = find("[data-shelf]");
    drawShelf(root, {
      manifest: this.manifest,
      stacks: this.stacks,
      priors: this.priors,
      open: (stack) => this.open(stack),
      openPrior: (prior) => this.compare(prior),
    });
    if (this.layout) markShown(root, this.layout.panes, this.layout.active);
  }

  #drawPanel() {
    const pane = this.layout.active;
    showReading(pane.image);
    showAbout(pane.stack ? pane : null);
    this.evidence.offer(pane.image);
  }

  #drawButtons() {
    const { view, isInverted } = this.layout.active;
    this.toolbar.press("invert", Boolean(isInverted));
    this.toolbar.press("flip-h", Boolean(view?.flipH));
    this.toolbar.press("flip-v", Boolean(view?.flipV));
  }

  #drawLayers() {
    for (const pane of this.layout.panes) {
      const layers = this.layers.get(pane);
      const { image, frame } = pane;
      layers.set("graphics", this.showsGraphics && image?.overlayUrl);
      layers.set("evidence", this.evidence.urlFor(image, frame), { opacity: this.evidence.opacity });
    }
  }

  #drawMarks() {
    const panes = this.layout?.panes ?? [];
    const images = new Set(panes.flatMap(({ stack }) => stack?.entries.map(({ image }) => image.id) ?? []));
    showMarks(this.marks.on(images), {
      jump: (mark) => this.#jump(mark),
      rename: async (mark) => {
        const text = await askForText(mark.label, { title: "Name", isRequired: mark.tool === "arrow" });
        if (text !== null) this.marks.rename(mark, text);
      },
      remove: (mark) => this.marks.remove(mark),
      retry: () => this.marks.retry(),
    });
    showSaved(this.marks);
  }

  #jump(mark) {
    const pane = this.layout.panes.find(({ stack }) => stack?.entries.some(({ image }) => image.id === mark.image.id));
    if (!pane) return;
    this.layout.activate(pane);
    pane.goTo(pane.stack.entries.findIndex(({ image, frame }) => image.id === mark.image.id && frame === mark.frame));
    this.marks.select(mark);
  }
}

/** Starts the viewer of a study's manifest; `onFirst` is called when the first image stands in its pane. */
export async function startViewer(manifest, onFirst) {
  await new Viewer(manifest).start(onFirst);
}
