/** The viewer's page: the first image at once, then everything that works on it. */

import "../styles/_viewer.scss";
import { loadFrame } from "./viewer/frames.js";
import { planOf } from "./viewer/plan.js";
import { drawPreview, removePreview } from "./viewer/preview.js";
import { stacksOf } from "./viewer/stacks.js";

const manifest = JSON.parse(document.getElementById("manifest").textContent);
const panes = document.querySelector("[data-panes]");

async function preview() {
  const plan = planOf(manifest, stacksOf(manifest));
  const entry = plan.stacks[plan.first]?.entries[0];
  if (!entry?.frame) return;
  try {
    await drawPreview(panes, plan, await loadFrame(entry.image, entry.frame));
  } catch {
    // The pane asks for the image itself and says what is wrong.
  }
}

await preview();
const { startViewer } = await import("./viewer/app.js");
// Two frames later the pane has drawn what it was given.
await startViewer(manifest, () => requestAnimationFrame(() => requestAnimationFrame(removePreview)));
