import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { drawActivity } from "./activity.js";
import { drawAgreement } from "./agreement.js";
import { histogram } from "./histogram.js";

const HEIGHT = 220;

const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
const optionalNumber = (text) => (text ? Number(text) : undefined);

function drawHistogram(container) {
  const values = JSON.parse(document.getElementById(container.dataset.histogram).textContent);
  if (!values.length) return;
  const { edges, counts } = histogram(values, {
    bins: Number(container.dataset.bins),
    minimum: optionalNumber(container.dataset.minimum),
    maximum: optionalNumber(container.dataset.maximum),
  });
  const threshold = optionalNumber(container.dataset.threshold);
  const ink = colour(container, "--lobule-ink");
  const axis = { stroke: ink, grid: { stroke: colour(container, "--lobule-line"), width: 1 } };
  const plot = new uPlot(
    {
      width: container.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: () => [edges[0], edges.at(-1)] }, y: { range: (_, __, max) => [0, max * 1.05] } },
      axes: [
        { ...axis, label: container.dataset.xLabel },
        { ...axis, label: "Number", values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick : "")) },
      ],
      series: [
        {},
        {
          stroke: colour(container, "--lobule-brand"),
          fill: colour(container, "--lobule-brand-soft"),
          paths: uPlot.paths.bars({ size: [1], align: 1 }),
          points: { show: false },
        },
      ],
      hooks: { draw: threshold === undefined ? [] : [(self) => drawThreshold(self, threshold, ink)] },
    },
    [edges.slice(0, -1), counts],
    container,
  );
  new ResizeObserver(() => plot.setSize({ width: container.clientWidth, height: HEIGHT })).observe(container);
}

function drawThreshold(plot, threshold, ink) {
  const x = plot.valToPos(threshold, "x", true);
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

document.querySelectorAll("[data-histogram]").forEach(drawHistogram);
document.querySelectorAll("[data-agreement]").forEach(drawAgreement);
document.querySelectorAll("[data-activity]").forEach(drawActivity);
