/** The keyboard: what each key does, and the sheet that lists it. */

import { find, make } from "./dom.js";

const SWITCH = "viewer-single-keys";

/** [group, [[keys as written, what they do, action], …]], as the help sheet lists them. */
export const SHORTCUTS = [
  [
    "Tools",
    [
      ["W", "window", "tool:window"],
      ["P", "pan", "tool:pan"],
      ["Z", "zoom", "tool:zoom"],
      ["S", "scroll", "tool:scroll"],
      ["L", "length", "tool:length"],
      ["A", "angle", "tool:angle"],
      ["E", "ellipse", "tool:ellipse"],
      ["R", "rectangle", "tool:rectangle"],
      ["V", "value of a pixel", "tool:probe"],
      ["N", "arrow with a note", "tool:arrow"],
    ],
  ],
  [
    "Image",
    [
      ["I", "black for white", "invert"],
      ["]", "turn right", "rotate"],
      ["[", "turn left", "rotate-left"],
      ["H", "mirror left and right", "flip-h"],
      ["J", "upside down", "flip-v"],
      ["0", "as it was", "reset"],
      ["1 to 9", "window presets", "preset"],
      ["M", "evidence map on or off", "evidence"],
      ["G", "graphics of the file on or off", "graphics"],
      ["T", "text on the image on or off", "text"],
      ["+", "zoom in", "zoom-in"],
      ["-", "zoom out", "zoom-out"],
    ],
  ],
  [
    "Frames and images",
    [
      ["↑ ↓", "frame or slice before, after", "frame"],
      ["← →", "image before, after", "image"],
      ["Space", "play or pause", "play"],
      ["Shift+arrows", "move the image", "nudge"],
      ["Alt+arrows", "contrast and brightness", "window"],
    ],
  ],
  [
    "Screen and marks",
    [
      ["K", "link the panes", "link"],
      ["Q", "next layout", "next-layout"],
      ["F", "whole screen", "fullscreen"],
      ["Delete", "delete the chosen mark", "delete"],
      ["Ctrl+Z", "undo", "undo"],
      ["Ctrl+Shift+Z", "do again", "redo"],
      ["?", "this help", "help"],
    ],
  ],
];

const SINGLE = new Map(
  SHORTCUTS.flatMap(([, list]) => list)
    .filter(([keys]) => keys.length === 1)
    .map(([key, , action]) => [key.toLowerCase(), action]),
);
SINGLE.set("=", "zoom-in");
SINGLE.set("_", "zoom-out");

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function startShortcuts(act) {
  const toggle = find("[data-shortcuts-on]");
  toggle.checked = localStorage.getItem(SWITCH) !== "off";
  toggle.addEventListener("change", () => localStorage.setItem(SWITCH, toggle.checked ? "on" : "off"));
  fillSheet(find("[data-shortcuts]"));
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = actionOf(event, toggle.checked);
    if (!action) return;
    event.preventDefault();
    act(...action);
  });
}

/** The action that a key press asks for, with its arguments; null when it is none of ours. */
export function actionOf(event, singleKeys) {
  const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
  if (ctrlKey || metaKey) {
    if (altKey) return null;
    if (key.toLowerCase() === "z") return [shiftKey ? "redo" : "undo"];
    return key.toLowerCase() === "y" ? ["redo"] : null;
  }
  // Elsewhere these keys scroll the page.
  const moves = /^(Arrow|Page|Home$|End$| $)/.test(key);
  const inPanes = target === document.body || target.closest?.("[data-panes]");
  if (moves && (!inPanes || target.tagName === "INPUT")) return null;
  const arrow = ARROWS[key];
  if (arrow && shiftKey) return ["nudge", ...arrow];
  if (arrow && altKey) return ["window", ...arrow];
  if (altKey) return null;
  if (arrow) return arrow[1] ? ["frame", arrow[1]] : ["image", arrow[0]];
  if (key === "Home" || key === "End") return ["frame", key === "Home" ? -Infinity : Infinity];
  if (key === "PageUp" || key === "PageDown") return ["frame", key === "PageUp" ? -10 : 10];
  if (key === "Delete" || key === "Backspace") return ["delete"];
  if (key === "Escape") return ["escape"];
  const isButton = target.closest?.("button, a, summary");
  if (key === " " && !isButton) return ["play"];
  if (!singleKeys) return null;
  if (/^[1-9]$/.test(key)) return ["preset", Number(key) - 1];
  const action = SINGLE.get(key.toLowerCase());
  if (!action) return null;
  return action.startsWith("tool:") ? ["tool", action.slice("tool:".length)] : [action];
}

function isTyping(target) {
  if (!(target instanceof Element)) return false;
  const { tagName, type } = target;
  if (tagName === "INPUT") return !["checkbox", "button", "submit", "range"].includes(type);
  return tagName === "TEXTAREA" || tagName === "SELECT" || target.getAttribute("role")?.startsWith("menu");
}

function fillSheet(root) {
  for (const [group, list] of SHORTCUTS) {
    const keys = list.map(([written, what]) => make("div", {}, make("dt", {}, ...written.split(" ").map((part) => (part === "to" ? " to " : make("kbd", {}, part)))), make("dd", {}, what)));
    root.append(make("section", {}, make("h3", {}, group), make("dl", { className: "keys" }, ...keys)));
  }
}
