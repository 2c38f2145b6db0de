import { drawCurves } from "./curves.js";
import { stepThroughGrids } from "./grids.js";

function show() {
  drawCurves();
  stepThroughGrids();
}

// Whoever reads the table while the figures come in goes on reading it.
let wasOpen = false;
const table = () => document.getElementById("curves-table");

show();
// The part of the page that renews itself brings new figures along.
document.body.addEventListener("htmx:beforeSwap", () => (wasOpen = Boolean(table()?.open)));
document.body.addEventListener("htmx:afterSwap", () => {
  if (wasOpen && table()) table().open = true;
});
document.body.addEventListener("htmx:afterSettle", show);
