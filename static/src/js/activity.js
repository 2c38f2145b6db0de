import uPlot from "uplot";

const HEIGHT = 220;
const DAY_SECONDS = 86_400;

const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

/** Events by day as bars, with the refused ones in front of them. Days are drawn as such, without a time zone. */
export function drawActivity(container) {
  const { days, events, refused } = JSON.parse(document.getElementById(container.dataset.activity).textContent);
  if (!days.length) return;
  const seconds = days.map((day) => Date.parse(`${day}T00:00Z`) / 1000);
  const axis = { stroke: colour(container, "--lobule-ink"), grid: { stroke: colour(container, "--lobule-line"), width: 1 } };
  const bars = (name) => ({
    width: 0,
    fill: colour(container, name),
    paths: uPlot.paths.bars({ size: [0.8, 40], align: 0 }),
    points: { show: false },
  });
  const plot = new uPlot(
    {
      width: container.clientWidth,
      height: HEIGHT,
      tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: true, range: () => [seconds[0] - DAY_SECONDS / 2, seconds.at(-1) + DAY_SECONDS / 2] },
        y: { range: (_, __, max) => [0, Math.max(max, 1) * 1.05] },
      },
      axes: [
        { ...axis, values: "{D} {MMM}", space: 60, incrs: [1, 2, 7, 14, 28].map((days) => days * DAY_SECONDS) },
        { ...axis, label: "Events", values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? tick.toLocaleString("en-GB") : "")), size: 64 },
      ],
      series: [{}, bars("--lobule-brand"), bars("--lobule-error")],
    },
    [seconds, events, refused],
    container,
  );
  new ResizeObserver(() => plot.setSize({ width: container.clientWidth, height: HEIGHT })).observe(container);
}
