/** The dialog that asks for a note's text or a measurement's name. */

import { find } from "./dom.js";

/** Resolves with the text, or null when it was cancelled. */
export function askForText(proposed = "", { title = "Note", isRequired = true } = {}) {
  const dialog = find("#naming");
  const input = find("#naming-text");
  find("#naming-title").textContent = title;
  input.value = proposed;
  input.required = isRequired;
  dialog.returnValue = "";
  dialog.showModal();
  input.select();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => resolve(dialog.returnValue === "save" ? input.value.trim() : null),
      { once: true },
    );
  });
}
