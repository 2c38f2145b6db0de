/** Answers questions about the viewer's pure modules: JSON in, JSON out. */

import { readFileSync } from "node:fs";

import { isFalling, presetsOf, shownRange, shownValues } from "../../static/src/js/viewer/display.js";
import { chestWallSide, edgeLetters, hungView, mammographyHanging } from "../../static/src/js/viewer/hanging.js";
import { lines, measure } from "../../static/src/js/viewer/measure.js";
import { planOf } from "../../static/src/js/viewer/plan.js";
import { stacksOf } from "../../static/src/js/viewer/stacks.js";
import { interval } from "../../static/src/js/viewer/words.js";

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };
const typed = ({ frameSet }, values) => ARRAYS[frameSet.dtype].from(values);

/** The greys, 0 to 255, that a preset gives to each value. */
function greys(image, values, preset) {
  const shown = shownValues(typed(image, values), image, preset.lut ?? null);
  const { lower, upper } = shownRange(image, preset);
  const inverted = isFalling(image.frameSet, preset.lut);
  return Array.from(shown, (value) => {
    const grey = Math.min(Math.max(((value - lower) / (upper - lower)) * 255, 0), 255);
    return inverted ? 255 - grey : grey;
  });
}

const ANSWERS = {
  measure: ({ mark, image, values }) => {
    const found = measure(mark, image, values && typed(image, values));
    return { ...found, lines: lines(found) };
  },
  greys: ({ image, values, modality }) =>
    presetsOf(image, modality).map((preset) => ({ name: preset.name, greys: greys(image, values, preset) })),
  side: ({ image, values }) => chestWallSide(image, typed(image, values)),
  hung: ({ image, values }) => hungView(image, typed(image, values)),
  letters: ({ orientation, view }) => edgeLetters(orientation, view),
  stacks: ({ manifest }) =>
    stacksOf(manifest).map(({ key, entries, label, canShow }) => ({ key, count: entries.length, label, canShow })),
  hanging: ({ manifest }) => mammographyHanging(stacksOf(manifest))?.map(({ key }) => key) ?? null,
  plan: ({ manifest, search, isNarrow }) => {
    const { layout, stacks, first, prior } = planOf(manifest, stacksOf(manifest), { search, isNarrow });
    return { layout, keys: stacks.map(({ key }) => key), first, prior };
  },
  interval: ({ prior, current }) => interval(prior, current),
};

const questions = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(questions.map(({ ask, ...question }) => ANSWERS[ask](question))));
