/**
 * Steps through the pictures drawn on the way. `[data-grids]` holds an image, a slider and an output; the steps stand in
 * the JSON script that it names, as `[{step, url, words}]`. Whoever looks at the newest goes on seeing the newest.
 */
export function stepThroughGrids() {
  const viewer = document.querySelector("[data-grids]");
  const source = viewer && document.getElementById(viewer.dataset.grids);
  if (!source) return;
  const grids = JSON.parse(source.textContent);
  viewer.hidden = grids.length === 0;
  if (!grids.length) return;

  const slider = viewer.querySelector("input[type=range]");
  const follows = !slider.dataset.ready || slider.value === slider.max;
  slider.max = String(grids.length - 1);
  if (follows) slider.value = slider.max;
  slider.closest("[data-slider]").hidden = grids.length < 2;
  viewer.grids = grids;
  if (!slider.dataset.ready) {
    slider.dataset.ready = "yes";
    slider.addEventListener("input", () => show(viewer, slider));
  }
  show(viewer, slider);
}

function show(viewer, slider) {
  const { url, words } = viewer.grids[Number(slider.value)];
  const image = viewer.querySelector("img");
  if (image.getAttribute("src") !== url) image.src = url;
  image.alt = `Drawn samples, ${words}`;
  slider.setAttribute("aria-valuetext", words);
  viewer.querySelector("output").textContent = words;
}
