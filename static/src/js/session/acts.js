/** Signs of a person at the page. Pointers that only pass over it are none: a bumped desk moves a mouse. */

const ACTS = ["keydown", "pointerdown", "wheel"];

/** Calls `seen` for what a person does on the page; a script's own events do not count. */
export function watchActs(seen) {
  for (const type of ACTS) {
    window.addEventListener(type, (event) => event.isTrusted && seen(), { capture: true, passive: true });
  }
}

/** Whether a field of the page holds text that was typed and not sent. */
export function hasUnsavedText() {
  const fields = document.querySelectorAll("textarea, input[type=text], input[type=number], input:not([type])");
  return [...fields].some((field) => field.isConnected && !field.readOnly && field.value !== field.defaultValue);
}
