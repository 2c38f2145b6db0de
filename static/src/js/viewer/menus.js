/** What the toolbar's menus offer. */

import { LAYOUTS } from "./layout.js";
import { rounded } from "./words.js";

/** The windows and curves of a pane's image. */
export function presetMenu(pane) {
  if (!pane.isShowing) return [];
  return pane.presets.map((preset, index) => ({
    name: preset.window ? `${preset.name} (C ${written(preset.window.center)} W ${written(preset.window.width)})` : preset.name,
    hint: index < 9 ? String(index + 1) : "",
    isChosen: pane.preset === preset,
    choose: () => pane.usePreset(preset),
  }));
}

/** The layouts; `use(name)` is called with the one that is chosen. */
export function layoutMenu(current, use) {
  return Object.entries(LAYOUTS).map(([name, { name: label }]) => ({
    name: label,
    isChosen: current === name,
    choose: () => use(name),
  }));
}

const written = (value) => String(rounded(value)).replace("-", "−");
