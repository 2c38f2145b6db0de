/**
 * Measurements and notes: drawn by Cornerstone, kept by the site as they are drawn, and listed. A mark knows whether
 * it is saved; what could not be saved is tried again.
 */

import { eventTarget } from "@cornerstonejs/core";
import { annotation, Enums, utilities } from "@cornerstonejs/tools";

import { send } from "./api.js";
import { History } from "./history.js";
import { imageIdOf, partsOf } from "./loader.js";
import { toPixels, toWorld } from "./mark-text.js";
import { MARKS, nameOfMark } from "./tools.js";

const { state, locking, selection } = annotation;
const SETTLE_MS = 500;

export class Marks extends EventTarget {
  constructor() {
    super();
    this.history = new History();
    this.all = new Map(); // Cornerstone's annotation UID → mark
    this.urls = new Map(); // study of an instance → where its marks are kept
    this.saving = new Map(); // annotation UID → promise of the last request about it
    const { ANNOTATION_COMPLETED, ANNOTATION_MODIFIED, ANNOTATION_REMOVED } = Enums.Events;
    eventTarget.addEventListener(ANNOTATION_COMPLETED, ({ detail }) => this.#completed(detail.annotation));
    eventTarget.addEventListener(ANNOTATION_MODIFIED, ({ detail }) => this.#modified(detail.annotation));
    eventTarget.addEventListener(ANNOTATION_REMOVED, ({ detail }) => this.#say(detail.annotation));
    window.addEventListener("beforeunload", (event) => {
      if (this.unsaved.length) event.preventDefault();
    });
  }

  /** Takes a study's marks over from its manifest. */
  take(manifest) {
    for (const series of manifest.series) {
      for (const image of series.images) this.urls.set(image.id, manifest.study.annotationsUrl);
    }
    for (const kept of manifest.annotations) this.#draw(kept);
    this.#say();
  }

  get unsaved() {
    return [...this.all.values()].filter((mark) => mark.status === "failed" || mark.status === "saving");
  }

  get failed() {
    return [...this.all.values()].filter((mark) => mark.status === "failed");
  }

  /** The marks on these images that are not removed, oldest first. */
  on(imageIds) {
    return [...this.all.values()].filter((mark) => !mark.isRemoved && imageIds.has(mark.image.id));
  }

  /** The selected marks of one's own. */
  get selected() {
    return selection.getAnnotationsSelected().map((uid) => this.all.get(uid)).filter((mark) => mark?.mine && !mark.isRemoved);
  }

  select(mark) {
    selection.setAnnotationSelected(mark.uid, true);
    this.#render();
  }

  async rename(mark, label) {
    const before = mark.label;
    if (label === before) return;
    const to = (text) => async () => {
      mark.label = text;
      const drawn = state.getAnnotation(mark.uid);
      if (drawn) drawn.data.label = text;
      this.#render();
      await this.#save(mark);
    };
    this.history.add({ what: "Renaming", undo: to(before), redo: to(label) });
    await to(label)();
  }

  async remove(mark) {
    this.history.add({ what: "Deleting", undo: () => this.#restore(mark), redo: () => this.#hide(mark) });
    await this.#hide(mark);
  }

  /** Tries again what could not be saved. */
  async retry() {
    await Promise.all(this.failed.map((mark) => this.#save(mark)));
  }

  #draw(kept) {
    const { image } = partsOf(`frame:${kept.instance}/${kept.frame}`);
    if (!image?.frameSet || !(kept.tool in MARKS) || this.#isKnown(kept.id)) return;
    const mark = { ...kept, uid: kept.id, image, status: "saved", isRemoved: false };
    this.all.set(mark.uid, mark);
    this.#show(mark);
  }

  #isKnown(id) {
    return [...this.all.values()].some((mark) => mark.id === id);
  }

  #show(mark) {
    state.addAnnotation({
      annotationUID: mark.uid,
      highlighted: false,
      invalidated: true,
      isLocked: false,
      isVisible: true,
      metadata: {
        toolName: MARKS[mark.tool].toolName,
        FrameOfReferenceUID: mark.image.id,
        referencedImageId: imageIdOf(mark.image, mark.frame),
        viewPlaneNormal: [0, 0, -1],
        viewUp: [0, -1, 0],
      },
      data: {
        label: mark.label,
        cachedStats: {},
        handles: {
          points: toWorld(mark.image, mark.points),
          activeHandleIndex: null,
          arrowFirst: true,
          textBox: freshTextBox(),
        },
      },
    });
    if (!mark.mine) locking.setAnnotationLocked(mark.uid, true);
    this.#render();
  }

  #completed(drawn) {
    if (this.all.has(drawn.annotationUID)) return;
    const tool = nameOfMark[drawn.metadata.toolName];
    const { image, frame } = partsOf(drawn.metadata.referencedImageId);
    const points = toPixels(image, drawn.data.handles.points);
    const mark = {
      uid: drawn.annotationUID,
      image,
      frame,
      tool,
      points,
      label: drawn.data.label ?? "",
      author: "You",
      mine: true,
      isRemoved: false,
      status: "saving",
    };
    this.all.set(mark.uid, mark);
    this.history.add({ what: "Drawing", undo: () => this.#hide(mark), redo: () => this.#restore(mark) });
    this.#save(mark);
  }

  #modified(drawn) {
    const mark = this.all.get(drawn.annotationUID);
    if (!mark?.mine || mark.isRemoved) return;
    const points = toPixels(mark.image, drawn.data.handles.points);
    const label = drawn.data.label ?? "";
    if (!differs(points, mark.points) && label === mark.label) return;
    mark.settling ??= { points: mark.points, label: mark.label };
    Object.assign(mark, { points, label });
    clearTimeout(mark.timer);
    mark.timer = setTimeout(() => this.#settled(mark), SETTLE_MS);
    mark.status = "saving";
    this.#say();
  }

  #settled(mark) {
    const before = mark.settling;
    const after = { points: mark.points, label: mark.label };
    mark.settling = null;
    this.history.add({ what: "Moving", undo: () => this.#move(mark, before), redo: () => this.#move(mark, after) });
    this.#save(mark);
  }

  async #move(mark, to) {
    Object.assign(mark, to);
    const drawn = state.getAnnotation(mark.uid);
    if (drawn) {
      drawn.data.handles.points = toWorld(mark.image, to.points);
      drawn.data.label = to.label;
      drawn.data.handles.textBox = freshTextBox();
      drawn.invalidated = true;
    }
    this.#render();
    await this.#save(mark);
  }

  async #hide(mark) {
    mark.isRemoved = true;
    if (state.getAnnotation(mark.uid)) state.removeAnnotation(mark.uid);
    this.#render();
    await this.#save(mark);
  }

  async #restore(mark) {
    mark.isRemoved = false;
    this.#show(mark);
    await this.#save(mark);
  }

  /** Brings the site to where the mark is; one change after the other, so that they arrive in order. */
  #save(mark) {
    mark.status = "saving";
    this.#say();
    const previous = this.saving.get(mark.uid) ?? Promise.resolve();
    const now = previous
      .then(() => this.#sync(mark))
      .then(
        () => Object.assign(mark, { status: "saved", problem: "" }),
        (error) => Object.assign(mark, { status: "failed", problem: error.message }),
      )
      .then(() => this.#say());
    this.saving.set(mark.uid, now);
    return now;
  }

  async #sync(mark) {
    const { image, frame, tool, points, label } = mark;
    if (!mark.url) {
      if (mark.isRemoved) return;
      const kept = await send("POST", this.urls.get(image.id), { instance: image.id, frame, tool, points, label });
      Object.assign(mark, { id: kept.id, url: kept.url, author: kept.author });
      return;
    }
    if (mark.isRemoved) {
      if (!mark.isRemovedThere) await send("DELETE", mark.url);
      mark.isRemovedThere = true;
      return;
    }
    if (mark.isRemovedThere) await send("POST", `${mark.url}restore/`);
    mark.isRemovedThere = false;
    await send("PATCH", mark.url, { points, label });
  }

  #render() {
    utilities.triggerAnnotationRenderForViewportIds(this.viewportIds?.() ?? []);
    this.#say();
  }

  #say() {
    this.dispatchEvent(new Event("change"));
  }
}

function freshTextBox() {
  const corner = () => [0, 0, 0];
  return {
    hasMoved: false,
    worldPosition: corner(),
    worldBoundingBox: { topLeft: corner(), topRight: corner(), bottomLeft: corner(), bottomRight: corner() },
  };
}

function differs(points, others) {
  return points.some(([x, y], index) => Math.abs(x - others[index][0]) > 1e-3 || Math.abs(y - others[index][1]) > 1e-3);
}
