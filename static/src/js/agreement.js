import uPlot from "uplot";

const RADIUS = 3.5;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const SMALLEST = 260;
const LARGEST = 520;

const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
const optionalNumber = (text) => (text ? Number(text) : undefined);

/** As wide as its box, and nearly square, so that the diagonal reads as one. */
function sizeOf(container) {
  const width = Math.min(container.clientWidth, LARGEST);
  return { width, height: Math.max(SMALLEST, Math.round(width * 0.86)) };
}

/**
 * A scatter of one model's probabilities over another's. `data-agreement` names a JSON script of [x, y, flips] triples,
 * `data-before` and `data-after` are the decision thresholds along x and y.
 */
export function drawAgreement(container) {
  const points = JSON.parse(document.getElementById(container.dataset.agreement).textContent);
  if (!points.length) return;
  const look = {
    ink: colour(container, "--lobule-ink"),
    line: colour(container, "--lobule-line"),
    stays: colour(container, "--lobule-brand"),
    flips: colour(container, "--lobule-malignant"),
  };
  const thresholds = { x: optionalNumber(container.dataset.before), y: optionalNumber(container.dataset.after) };
  const axis = {
    stroke: look.ink,
    grid: { stroke: look.line, width: 1 },
    splits: () => TICKS,
    values: (_, ticks) => ticks.map((tick) => `${100 * tick}%`),
  };
  const plot = new uPlot(
    {
      ...sizeOf(container),
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: () => [0, 1] }, y: { range: () => [0, 1] } },
      axes: [
        { ...axis, label: "Probability of malignancy on file" },
        { ...axis, label: "Candidate’s probability", size: 60 },
      ],
      // uPlot draws the frame; the points overlap in x, which its own series cannot be given.
      series: [{}, { show: true, paths: () => null, points: { show: false } }],
      hooks: { draw: [(self) => drawPoints(self, points, thresholds, look)] },
    },
    [
      [0, 1],
      [null, null],
    ],
    container,
  );
  new ResizeObserver(() => plot.setSize(sizeOf(container))).observe(container);
}

function drawPoints(plot, points, thresholds, look) {
  const { ctx, bbox } = plot;
  const radius = RADIUS * devicePixelRatio;
  const at = (x, y) => [plot.valToPos(x, "x", true), plot.valToPos(y, "y", true)];
  const segment = (from, to) => {
    ctx.beginPath();
    ctx.moveTo(...from);
    ctx.lineTo(...to);
    ctx.stroke();
  };
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - radius, bbox.top - radius, bbox.width + 2 * radius, bbox.height + 2 * radius);
  ctx.clip();
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeStyle = look.ink;
  ctx.globalAlpha = 0.5;
  segment(at(0, 0), at(1, 1));
  ctx.globalAlpha = 1;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  if (thresholds.x !== undefined) segment(at(thresholds.x, 0), at(thresholds.x, 1));
  if (thresholds.y !== undefined) segment(at(0, thresholds.y), at(1, thresholds.y));
  ctx.setLineDash([]);
  // Flips last, so that none hides beneath the many that stay.
  for (const flips of [false, true]) {
    ctx.fillStyle = flips ? look.flips : look.stays;
    ctx.globalAlpha = flips ? 0.95 : 0.45;
    for (const [x, y, isFlip] of points) if (isFlip === flips) (flips ? diamond : dot)(ctx, ...at(x, y), radius);
  }
  ctx.restore();
}

function dot(ctx, x, y, radius) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

function diamond(ctx, x, y, radius) {
  const reach = 1.6 * radius;
  ctx.beginPath();
  ctx.moveTo(x, y - reach);
  ctx.lineTo(x + reach, y);
  ctx.lineTo(x, y + reach);
  ctx.lineTo(x - reach, y);
  ctx.closePath();
  ctx.fill();
}
