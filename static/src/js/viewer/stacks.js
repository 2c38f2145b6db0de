/** What a pane can show: one image with its frames, or a series of slices; made from a study's manifest. */

import { viewLabel } from "./words.js";

const SLICED = ["CT", "MR", "PT", "NM"];
const MANY = 24;

/**
 * The stacks of a study: {key, study, series, entries: [{image, frame}], label}. Images that cannot be shown make
 * stacks of their own, without frames, so that they say why.
 */
export function stacksOf(manifest, { isPrior = false } = {}) {
  const study = { ...manifest.study, isPrior };
  return manifest.series.flatMap((series) => {
    const shown = series.images.filter((image) => image.frameUrl);
    const hidden = series.images.filter((image) => !image.frameUrl);
    const isSliced = shown.length > 1 && (SLICED.includes(series.modality) || shown.length > MANY);
    const groups = isSliced ? [shown] : shown.map((image) => [image]);
    const all = [...groups, ...hidden.map((image) => [image])];
    const place = ([first]) => series.images.indexOf(first);
    return all.sort((a, b) => place(a) - place(b)).map((images) => stack(study, series, images, series.images));
  });
}

function stack(study, series, images, all) {
  const [first] = images;
  const entries = images.flatMap((image) =>
    image.frameUrl
      ? Array.from({ length: image.frameSet.frames }, (_, index) => ({ image, frame: index + 1 }))
      : [{ image, frame: 0 }],
  );
  const number = all.indexOf(first) + 1;
  const name = images.length > 1 ? `${images.length} slices` : `Image ${number}`;
  const label = first.view ? viewLabel(first) : [first.laterality, name].filter(Boolean).join(" · ");
  return { key: first.id, study, series, entries, label, canShow: Boolean(first.frameUrl) };
}

/** Frames a second of a cine loop. */
export function rateOf({ entries }) {
  const ms = entries[0].image.frameSet?.frame_ms;
  return ms > 0 ? Math.min(Math.max(Math.round(1000 / ms), 1), 60) : 15;
}
