import { Upload } from "tus-js-client";

import { advice } from "./server.js";

const PIECE = 8 * 1024 * 1024;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000];

/** Sends one file, or the rest of it; answers with a function that stops.
 *
 * `events`: `url(address)` once the server knows the file, `progress(sent)`, `arrived(result)` with what became of it,
 * `failed({message, isLost})` when trying again by itself did not help.
 */
export function send(item, lot, server, events) {
  let result = null;
  const upload = new Upload(item.file, {
    endpoint: lot.files_url,
    uploadUrl: item.url,
    chunkSize: PIECE,
    uploadDataDuringCreation: true,
    retryDelays: RETRY_MS,
    metadata: { filename: item.path },
    headers: server.headers,
    storeFingerprintForResuming: false,
    onUploadUrlAvailable: () => events.url(upload.url),
    onProgress: (sent) => events.progress(sent),
    onAfterResponse: (request, response) => {
      // A file that comes with its announcement is answered with what became of it.
      if (request.getMethod() === "POST" && response.getStatus() === 201) result = parsed(response.getBody());
    },
    onSuccess: async () => {
      try {
        const isSettled = result && result.status !== "receiving";
        events.arrived(isSettled ? result : await server.result(upload.url));
      } catch (error) {
        events.failed({ message: error.message, isLost: !error.status });
      }
    },
    onError: (error) => {
      const response = error.originalResponse;
      const status = response?.getStatus() ?? 0;
      const message = parsed(response?.getBody())?.detail;
      events.failed({
        message: status ? (message ?? advice(status)) : "The connection was lost. Try again when it is back.",
        isLost: !status,
        isGone: status === 404 || status === 410,
      });
    },
  });
  upload.start();
  return (forget) => upload.abort(Boolean(forget)).catch(() => {});
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
