/** How images are hung: the four mammography views with chest walls facing, and which way is which afterwards. */

/** R CC | L CC over R MLO | L MLO. */
export const MAMMOGRAPHY = [
  ["R", "CC"],
  ["L", "CC"],
  ["R", "MLO"],
  ["L", "MLO"],
];

/** The four standard views among the stacks, in hanging order, or null when one is missing. */
export function mammographyHanging(stacks) {
  const hung = MAMMOGRAPHY.map(([laterality, view]) =>
    stacks.find(({ entries }) => {
      const { image } = entries[0];
      return image.frameUrl && image.laterality === laterality && image.view.toUpperCase() === view;
    }),
  );
  return hung.every(Boolean) ? hung : null;
}

export const isMammogram = (image) => ["CC", "MLO", "ML", "LM"].includes(image.view.toUpperCase()) && /^[LR]$/.test(image.laterality);

/**
 * Where the chest wall lies in the stored image: "left" or "right". From the header's patient orientation, else the
 * side on which more of the breast lies.
 */
export function chestWallSide(image, values) {
  const [across = ""] = image.orientation;
  // A row that runs towards anterior begins at the chest wall.
  if (across.startsWith("A")) return "left";
  if (across.startsWith("P")) return "right";
  return brighterSide(image, values);
}

function brighterSide({ frameSet }, values) {
  const { rows, columns, samples, photometric } = frameSet;
  const step = Math.max(Math.floor(rows / 100), 1);
  const sums = [0, 0];
  for (let y = 0; y < rows; y += step) {
    for (let x = 0; x < columns; x += step) {
      const value = values[(y * columns + x) * samples];
      // Only the outer third of each side: the breast reaches across the middle.
      if (x < columns / 3) sums[0] += value;
      else if (x > (2 * columns) / 3) sums[1] += value;
    }
  }
  const leftIsBrighter = photometric === "MONOCHROME1" ? sums[0] < sums[1] : sums[0] > sums[1];
  return leftIsBrighter ? "left" : "right";
}

/**
 * Turning that hangs a mammogram: right breasts with the chest wall at the right edge of the pane, left ones at the
 * left, so that the walls meet in the middle.
 */
export function hungView(image, values) {
  const wanted = image.laterality === "R" ? "right" : "left";
  const flipH = chestWallSide(image, values) !== wanted;
  const flipV = /^H/.test(image.orientation[1] ?? "");
  return { flipH, flipV, rotation: 0, against: wanted };
}

const OPPOSITE = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };
const opposite = (letters) => [...letters].map((letter) => OPPOSITE[letter] ?? letter).join("");

/** The letters at the edges {top, right, bottom, left} of the shown image; empty where the file does not say. */
export function edgeLetters(orientation, { flipH, flipV, rotation }) {
  const [across, down] = orientation;
  if (!across || !down) return { top: "", right: "", bottom: "", left: "" };
  let edges = [opposite(down), across, down, opposite(across)]; // top, right, bottom, left
  if (flipH) edges = [edges[0], edges[3], edges[2], edges[1]];
  if (flipV) edges = [edges[2], edges[1], edges[0], edges[3]];
  const turns = ((rotation / 90) % 4 + 4) % 4;
  for (let turn = 0; turn < turns; turn += 1) edges = [edges[3], edges[0], edges[1], edges[2]];
  return { top: edges[0], right: edges[1], bottom: edges[2], left: edges[3] };
}

/** Shown as in a mirror: left and right cannot be told from the picture alone. */
export const isMirrored = ({ flipH, flipV }) => flipH !== flipV;
