/** Fetches what is likely to be looked at next: the frames of a stack, outwards from the one on the screen. */

import { frameValues, loadFrame } from "./frames.js";

const AT_ONCE = 3;
const AHEAD_BYTES = 512 * 1024 * 1024;

let turn = 0;

/** Fetches the stack's other frames, nearest first, until another stack is asked for. */
export async function prefetch(stack, index, onFrame) {
  const mine = (turn += 1);
  const { entries } = stack;
  const order = [...entries.keys()].sort((a, b) => Math.abs(a - index) - Math.abs(b - index));
  let room = AHEAD_BYTES;
  let next = 0;
  const fetchNext = async () => {
    while (next < order.length && room > 0 && mine === turn) {
      const { image, frame } = entries[order[next]];
      next += 1;
      if (!image.frameUrl || frameValues(image, frame)) continue;
      try {
        room -= (await loadFrame(image, frame)).byteLength;
        onFrame?.();
      } catch {
        return; // what fails here is asked for again when it is looked at, and says so then
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchNext));
}
