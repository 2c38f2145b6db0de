/**
 * From stored values to what the screen shows. Cornerstone is given values as they are stored wherever it can take
 * them; windows are turned from the units that people read ("-600 HU") into that domain instead of 14 million pixels.
 */

export const LUT_TOP = 65535;

/** How a frame set's values are handed over: `toShown` and `toUnits` are each other's inverse. */
export function domainOf(frameSet) {
  const { slope, intercept, dtype, minimum, maximum } = frameSet;
  const inUnits = (stored) => slope * stored + intercept;
  if (dtype !== "float32") {
    return { toShown: (value) => (value - intercept) / slope, toUnits: inUnits };
  }
  // Floating-point values are spread over 16 bits for the screen; measurements use the values themselves.
  const span = maximum - minimum || 1;
  return {
    toShown: (value) => (((value - intercept) / slope - minimum) / span) * LUT_TOP,
    toUnits: (shown) => inUnits((shown / LUT_TOP) * span + minimum),
  };
}

/** The bounds of a window in units: below the lower all is black, above the upper all is white. */
export function rangeOf({ center, width, function: kind = "LINEAR" }) {
  // PS3.3 C.11.2.1.2: LINEAR counts whole values, LINEAR_EXACT does not.
  if (kind === "LINEAR" && width > 1) return { lower: center - 0.5 - (width - 1) / 2, upper: center - 0.5 + (width - 1) / 2 };
  return { lower: center - width / 2, upper: center + width / 2 };
}

/** The bounds of a preset in the domain of the shown values, the lower first. */
export function shownRange({ frameSet }, preset) {
  if (preset.lut) return { lower: 0, upper: LUT_TOP };
  if (frameSet.samples === 3) return { lower: 0, upper: 255 };
  const { toShown } = domainOf(frameSet);
  const { lower, upper } = rangeOf(preset.window);
  const ends = [toShown(lower), toShown(upper)];
  return { lower: Math.min(...ends), upper: Math.max(...ends) };
}

/** Whether higher shown values are darker. A curve has a falling slope in it already. */
export function isFalling({ photometric, slope, samples }, curve) {
  return samples === 1 && (photometric === "MONOCHROME1") !== (!curve && slope < 0);
}

/** The window whose bounds these are. */
export function windowOf({ lower, upper }, kind = "LINEAR") {
  if (kind === "LINEAR") return { center: (lower + upper + 1) / 2, width: upper - lower + 1 };
  return { center: (lower + upper) / 2, width: upper - lower };
}

/** Whether integers are what people expect to read of this image's values. */
export function isWhole(frameSet) {
  return frameSet.dtype !== "float32" && Number.isInteger(frameSet.slope) && Number.isInteger(frameSet.intercept);
}

const CT = [
  ["Soft tissue", 40, 400],
  ["Lung", -600, 1500],
  ["Bone", 480, 2500],
  ["Brain", 40, 80],
  ["Mediastinum", 50, 350],
];

/**
 * What the window menu offers: [{name, window} or {name, lut}], the file's own first.
 * A SIGMOID window and a VOI LUT are curves and come as `lut`.
 */
export function presetsOf(image, modality) {
  const { windows, voi_luts: luts, slope, intercept, minimum, maximum, samples, bits_stored: bits } = image.frameSet;
  if (samples === 3) return [{ name: "As stored", window: { center: 128, width: 256 } }];
  const presets = luts.map((lut, index) => ({ name: lut.name || `Curve ${index + 1} of the file`, lut }));
  windows.forEach((window, index) => {
    const fallback = windows.length > 1 ? `Window ${index + 1} of the file` : "Window of the file";
    const name = window.name || fallback;
    presets.push(window.function === "SIGMOID" ? { name, lut: window } : { name, window });
  });
  const ends = [slope * minimum + intercept, slope * maximum + intercept].sort((a, b) => a - b);
  presets.push({ name: "All values", window: windowOf({ lower: ends[0], upper: Math.max(ends[1], ends[0] + 1e-6) }) });
  if (bits === 8 && slope === 1 && intercept === 0 && image.frameSet.dtype === "uint8") {
    presets.push({ name: "As stored", window: { center: 128, width: 256 } });
  }
  if (modality === "CT") for (const [name, center, width] of CT) presets.push({ name, window: { center, width } });
  if (["MG", "US", "CR", "DX", "RG", "MR"].includes(modality)) presets.push(...contrasts(presets[0], ends));
  const seen = new Set();
  return presets.filter(({ name, window }) => {
    const key = window ? `${window.center}/${window.width}/${window.function ?? "LINEAR"}` : name;
    return !seen.has(key) && seen.add(key);
  });
}

/** The first preset's window, harder and softer. */
function contrasts(first, [low, high]) {
  const { center, width } = first.window ?? { center: (low + high) / 2, width: high - low };
  const rounded = (value) => Number(value.toPrecision(4));
  return [
    { name: "High contrast", window: { center, width: Math.max(rounded(width * 0.6), 1) } },
    { name: "Low contrast", window: { center, width: rounded(width * 1.6) } },
  ];
}

/** The shown values, 0 to LUT_TOP, of every modality value by a VOI LUT or a SIGMOID window. */
export function curveOf(lut) {
  if (lut.values) {
    const top = 2 ** lut.bits - 1;
    const last = lut.values.length - 1;
    return (value) => {
      const index = Math.min(Math.max(Math.round(value) - lut.first, 0), last);
      return Math.round((lut.values[index] / top) * LUT_TOP);
    };
  }
  const { center, width } = lut;
  return (value) => Math.round(LUT_TOP / (1 + Math.exp((-4 * (value - center)) / width)));
}

/**
 * The values for the screen. Unchanged where nothing has to be done; else a copy with the curve applied, floating
 * point spread over 16 bits, and padding turned black.
 */
export function shownValues(values, image, lut) {
  const { frameSet } = image;
  if (frameSet.samples === 3) return values;
  const { padding, photometric, minimum, maximum, slope, intercept } = frameSet;
  const isFloat = frameSet.dtype === "float32";
  if (!lut && !isFloat && !padding) return values;
  const out = lut || isFloat ? new Uint16Array(values.length) : new values.constructor(values.length);
  const blackIsHigh = (photometric === "MONOCHROME1") !== slope < 0;
  const curve = lut && curveOf(lut);
  const map = lut ? tabulated((stored) => curve(slope * stored + intercept), frameSet) : isFloat ? spread(frameSet) : null;
  const black = lut || isFloat ? (blackIsHigh ? LUT_TOP : 0) : blackIsHigh ? maximum : minimum;
  const [low, high] = padding ?? [NaN, NaN];
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value >= low && value <= high) out[index] = black;
    else out[index] = map ? map(value) : value;
  }
  return out;
}

function spread({ minimum, maximum }) {
  const span = maximum - minimum || 1;
  return (value) => Math.min(Math.max(((value - minimum) / span) * LUT_TOP, 0), LUT_TOP);
}

/** The function as a table over the stored values, when these are whole numbers. */
function tabulated(map, { dtype, minimum, maximum }) {
  if (dtype === "float32") return map;
  const first = Math.floor(minimum);
  const table = new Uint16Array(Math.ceil(maximum) - first + 1);
  for (let index = 0; index < table.length; index += 1) table[index] = map(first + index);
  return (value) => table[Math.min(Math.max(value - first, 0), table.length - 1)];
}
