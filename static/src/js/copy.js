import { announce } from "./announce.js";

/** Buttons with `data-copy="ID"` put that element's text on the clipboard; they stay hidden where there is none. */
export function offerCopying() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
      announce("Copied");
      setTimeout(() => (button.textContent = words), 3000);
    });
  }
}
