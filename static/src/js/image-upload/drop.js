import { fromClipboard, fromDrop, fromInput } from "./collect.js";
import { files } from "./format.js";

/** Where files are dropped, chosen or pasted; `take(found)` is given them. */
export function acceptFiles(root, take) {
  const zone = root.querySelector("[data-drop]");
  const collecting = root.querySelector("[data-collecting]");
  let depth = 0;

  const mark = (isOver) => zone.classList.toggle("lobule-drop--over", isOver);
  // A file dropped beside the zone would make the browser leave the page.
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (carriesFiles(event)) mark(Boolean(++depth));
  });
  document.addEventListener("dragleave", (event) => {
    if (carriesFiles(event)) mark(Boolean((depth = Math.max(0, depth - 1))));
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark(false);
    const shown = setTimeout(() => (collecting.hidden = false), 300);
    try {
      await take(await fromDrop(event.dataTransfer, (count) => (collecting.textContent = `Looking through the folder: ${files(count)} so far …`)));
    } finally {
      clearTimeout(shown);
      collecting.hidden = true;
    }
  });
  for (const button of root.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => root.querySelector(`[data-input=${button.dataset.choose}]`).click());
  }
  for (const input of root.querySelectorAll("[data-input]")) {
    input.addEventListener("change", async () => {
      const found = fromInput(input);
      input.value = "";
      await take(found);
    });
  }
  document.addEventListener("paste", (event) => {
    const found = fromClipboard(event.clipboardData);
    if (found.length) take(found);
  });
}
