/** What buttons and keys do. */

import { announce, find } from "./dom.js";
import { LAYOUTS } from "./layout.js";

const WINDOW_STEP = 0.05;
const NUDGE = 0.1;

/** Does what a button or a key asks for. */
export function act(viewer, name, ...values) {
  const { layout, linking, marks, toolbar } = viewer;
  const pane = layout.active;
  const { isShowing, view } = pane;
  const actions = {
    tool: () => viewer.useTool(values[0]),
    invert: () => pane.invert(),
    rotate: () => pane.turn({ rotation: view.rotation + 90 }),
    "rotate-left": () => pane.turn({ rotation: view.rotation - 90 }),
    "flip-h": () => pane.turn(mirrored(view, "flipH")),
    "flip-v": () => pane.turn(mirrored(view, "flipV")),
    reset: () => pane.reset(),
    "zoom-in": () => pane.zoom(1.25),
    "zoom-out": () => pane.zoom(0.8),
    nudge: () => pane.pan(NUDGE * -values[0], NUDGE * -values[1]),
    window: () => stepWindow(pane, ...values),
    preset: () => pane.presets[values[0]] && pane.usePreset(pane.presets[values[0]]),
    frame: () => linking.scroll(pane, values[0]),
    play: () => viewer.cines.get(pane).toggle(),
  };
  const always = {
    link: () => viewer.setLinked(!linking.isOn),
    image: () => viewer.showNeighbour(values[0]),
    undo: () => step(marks, "undo"),
    redo: () => step(marks, "redo"),
    delete: () => marks.selected.forEach((mark) => marks.remove(mark)),
    escape: () => (toolbar.open ? toolbar.close() : viewer.useTool("window")),
    evidence: () => viewer.evidence.toggle(),
    graphics: () => viewer.toggleGraphics(),
    text: () => document.body.classList.toggle("viewer--bare"),
    fullscreen: () => toggleFullscreen(),
    help: () => find("#help").showModal(),
    "next-layout": () => viewer.useLayout(layoutAfter(layout.name)),
  };
  if (always[name]) always[name]();
  else if (isShowing) actions[name]?.();
}

function stepWindow(pane, across, down) {
  const { window } = pane;
  if (!window) return;
  const width = Math.max(window.width * (1 + across * WINDOW_STEP * 2), 1e-6);
  pane.setWindow({ ...pane.preset.window, center: window.center + down * window.width * WINDOW_STEP, width });
}

async function step(marks, direction) {
  const what = await marks.history[direction]();
  announce(what ? `${what} ${direction === "undo" ? "undone" : "done again"}.` : "Nothing more.");
}

function layoutAfter(current) {
  const names = Object.keys(LAYOUTS);
  return names[(names.indexOf(current) + 1) % names.length];
}

/** Mirrors what is seen, whichever way the image is turned. */
function mirrored(view, axis) {
  const isSideways = view.rotation % 180 !== 0;
  const own = isSideways ? { flipH: "flipV", flipV: "flipH" }[axis] : axis;
  return { [own]: !view[own] };
}

function toggleFullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.();
}
