/** The frames' values, fetched once and kept while there is room. */

import { Problem, request } from "./api.js";

const ROOM_BYTES = 768 * 1024 * 1024;
const ARRAYS = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array };

const kept = new Map(); // key → typed array, the longest unused first
const arriving = new Map(); // key → {promise, listeners, last}
let keptBytes = 0;

const keyOf = (image, frame) => `${image.id}/${frame}`;

/** The frame's values if they are here. */
export function frameValues(image, frame) {
  const key = keyOf(image, frame);
  const values = kept.get(key);
  if (values) {
    kept.delete(key);
    kept.set(key, values);
  }
  return values;
}

/**
 * Resolves with the frame's values, a typed array of rows × columns × samples.
 * `onProgress(done, total)` counts bytes.
 */
export function loadFrame(image, frame, onProgress) {
  const values = frameValues(image, frame);
  if (values) return Promise.resolve(values);
  const key = keyOf(image, frame);
  let load = arriving.get(key);
  if (!load) {
    load = { listeners: new Set(), last: null };
    load.promise = fetchFrame(image, frame, (...progress) => {
      load.last = progress;
      for (const listener of load.listeners) listener(...progress);
    }).finally(() => arriving.delete(key));
    arriving.set(key, load);
  }
  if (onProgress) {
    load.listeners.add(onProgress);
    if (load.last) onProgress(...load.last);
  }
  return load.promise;
}

async function fetchFrame(image, frame, onProgress) {
  const { rows, columns, samples, dtype } = image.frameSet;
  const total = rows * columns * samples * ARRAYS[dtype].BYTES_PER_ELEMENT;
  const response = await request(`${image.frameUrl}${frame}`);
  const bytes = await readBytes(response, total, onProgress);
  const values = new ARRAYS[dtype](bytes.buffer);
  keep(keyOf(image, frame), values);
  return values;
}

async function readBytes(response, total, onProgress) {
  const bytes = new Uint8Array(total);
  const reader = response.body.getReader();
  let done = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (done + chunk.value.length > total) break;
      bytes.set(chunk.value, done);
      done += chunk.value.length;
      onProgress(done, total);
    }
  } catch {
    throw new Problem("The connection broke while the image was arriving.");
  }
  if (done !== total) throw new Problem("The image did not arrive complete.");
  return bytes;
}

function keep(key, values) {
  kept.set(key, values);
  keptBytes += values.byteLength;
  for (const [oldest, unused] of kept) {
    if (keptBytes <= ROOM_BYTES || oldest === key) break;
    kept.delete(oldest);
    keptBytes -= unused.byteLength;
  }
}
