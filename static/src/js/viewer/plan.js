/** What the viewer shows first: how many panes, and which image in each. Decided before anything heavy is loaded. */

import { mammographyHanging } from "./hanging.js";

const NARROW = "(max-width: 760px)";

/**
 * {layout, stacks, first, hung, prior}: the stacks of the panes in order, `first` the one whose pixels are already on
 * their way, `hung` the four mammography views if they are all there, `prior` the ID of a study to compare with.
 */
export function planOf(manifest, stacks, { search = window.location.search, isNarrow = window.matchMedia(NARROW).matches } = {}) {
  const parameters = new URLSearchParams(search);
  const hung = mammographyHanging(stacks);
  const prior = manifest.priors.find(({ id }) => id === parameters.get("prior"))?.id ?? null;
  const wanted = stacks.find((stack) => stack.entries.some(({ image }) => image.id === parameters.get("instance")));
  const onItsWay = stacks.find(({ canShow }) => canShow);
  if (hung && !wanted && !prior && !isNarrow) {
    return { layout: "2x2", stacks: hung, first: Math.max(hung.indexOf(onItsWay), 0), hung, prior };
  }
  const only = wanted ?? onItsWay ?? stacks[0];
  return { layout: "1x1", stacks: only ? [only] : [], first: 0, hung, prior };
}
