/** Follows a study while its images are being read: the answers come into the viewer without loading the page again. */

import { request } from "./api.js";

const EVERY_MS = 3000;
// Tells the site that no person asked.
const headers = { "X-Lobule-Poll": "1" };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks until nothing more is to come. `news(images)` gets the manifest's images of which there is something new to
 * say. A site that cannot be reached for a while is asked again; whoever is signed out is told so.
 */
export async function follow(manifest, news) {
  const known = new Map(imagesOf(manifest).map((image) => [image.id, image]));
  let { reading } = manifest;
  while (reading.isOn) {
    await pause(EVERY_MS);
    try {
      const response = await request(reading.newsUrl, { headers });
      if (response.status === 204) continue;
      const newer = await response.json();
      reading = newer.reading;
      news(imagesOf(newer).map((image) => take(known.get(image.id), image)).filter(Boolean));
    } catch (error) {
      if (![401, 403, 404].includes(error.status)) continue;
      news(leave([...known.values()], error.message));
      return;
    }
  }
}

/** The images that no answer will come to, each with the reason. */
function leave(images, why) {
  const waiting = images.filter(({ readingState }) => readingState === "waiting");
  for (const image of waiting) Object.assign(image, { readingState: "stopped", unreadReason: why });
  return waiting;
}

const imagesOf = (manifest) => manifest.series.flatMap(({ images }) => images);

/** Writes what is new about an answer into the image that the viewer holds; the image, if anything was. */
function take(image, { reading, readingState, unreadReason }) {
  if (!image || (image.reading?.id === reading?.id && image.readingState === readingState)) return null;
  return Object.assign(image, { reading, readingState, unreadReason });
}
