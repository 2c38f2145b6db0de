import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 240;
// Colour and dashes together: no curve is known by its colour alone.
const INKS = ["--lobule-brand", "--lobule-malignant", "--lobule-benign", "--lobule-warning", "--lobule-ink"];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 2]];

const drawn = new WeakMap();
const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
const number = (value) => (value == null ? "–" : Number(value.toPrecision(4)).toLocaleString("en-GB", { maximumFractionDigits: 6 }));

/**
 * Draws each chart of the page, or brings it up to date.
 *
 * `data-curves` names a JSON script of charts, `data-chart` one of them:
 * `{x_label, y_label, series: [{name, ink, dash, steps, values}]}`, where `ink` and `dash` count from 0. A chart without points stays hidden with its figure.
 */
export function drawCurves() {
  for (const container of document.querySelectorAll("[data-curves]")) {
    const source = document.getElementById(container.dataset.curves);
    const chart = source && JSON.parse(source.textContent)[container.dataset.chart];
    container.closest("figure").hidden = !chart?.series.length;
    if (chart?.series.length) draw(container, chart);
  }
}

function draw(container, chart) {
  const data = uPlot.join(chart.series.map(({ steps, values }) => [steps, values]));
  const names = chart.series.map(({ name }) => name).join("\n");
  const before = drawn.get(container);
  if (before?.names === names) {
    before.plot.setData(data);
    return;
  }
  before?.plot.destroy();
  drawn.set(container, { names, plot: plotOf(container, chart, data) });
  if (!before) new ResizeObserver(() => drawn.get(container).plot.setSize(sizeOf(container))).observe(container);
}

const sizeOf = (container) => ({ width: container.clientWidth, height: HEIGHT });

function plotOf(container, chart, data) {
  const axis = { stroke: colour(container, "--lobule-ink"), grid: { stroke: colour(container, "--lobule-line"), width: 1 } };
  const whole = (_, ticks) => ticks.map((tick) => tick.toLocaleString("en-GB"));
  return new uPlot(
    {
      ...sizeOf(container),
      legend: { markers: { dash: (_, series) => (chart.series[series - 1]?.dash ? "dashed" : "solid") } },
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: false } },
      axes: [
        { ...axis, label: chart.x_label, values: whole },
        { ...axis, label: chart.y_label, size: 64, values: whole },
      ],
      series: [
        { label: chart.x_label, value: (_, step) => number(step) },
        ...chart.series.map(({ name, ink, dash }) => ({
          label: name,
          stroke: colour(container, INKS[ink % INKS.length]),
          width: 2,
          dash: DASHES[dash % DASHES.length],
          spanGaps: true,
          points: { show: data[0].length === 1 },
          value: (_, value) => number(value),
        })),
      ],
    },
    data,
    container,
  );
}
