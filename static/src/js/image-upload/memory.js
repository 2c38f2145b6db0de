/** What was sent from this tab, so that an upload goes on after the page was loaded again.
 *
 * A file's name may name a patient, so none is kept: files are known by a salted digest of path, size and age. It lies
 * in the session's storage, which goes with the tab.
 */

const KEY = "lobule-image-upload";
const SAVE_MS = 400;

export class Memory {
  constructor(storage = window.sessionStorage) {
    this.storage = storage;
    this.state = this.#read();
    this.timer = null;
    window.addEventListener("pagehide", () => this.#write());
  }

  /** The uploads (id, page) that files were sent to and that were not finished. */
  get uploads() {
    return this.state.uploads;
  }

  /** How the file is known here; null where the browser offers no digests (no secure connection). */
  async fingerprint({ file, path }) {
    if (!window.crypto?.subtle) return null;
    const text = [this.state.salt, path, file.size, file.lastModified].join("\0");
    const digest = await window.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(digest, 0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Where the file was being sent to, and what became of it if it arrived: `{url, status}`, or nothing. */
  recall(fingerprint) {
    return fingerprint ? this.state.files[fingerprint] : undefined;
  }

  remember(fingerprint, known) {
    if (!fingerprint) return;
    this.state.files[fingerprint] = known;
    this.#save();
  }

  forget(fingerprint) {
    if (fingerprint) delete this.state.files[fingerprint];
    this.#save();
  }

  addUpload(upload) {
    this.state.uploads.push(upload);
    this.#save();
  }

  clear() {
    this.state = blank();
    this.#write();
  }

  #read() {
    try {
      const state = JSON.parse(this.storage.getItem(KEY));
      return state?.salt && Array.isArray(state.uploads) ? state : blank();
    } catch {
      return blank();
    }
  }

  #save() {
    this.timer ??= setTimeout(() => this.#write(), SAVE_MS);
  }

  #write() {
    clearTimeout(this.timer);
    this.timer = null;
    try {
      this.storage.setItem(KEY, JSON.stringify(this.state));
    } catch {
      // Full or forbidden: the upload works all the same, it only cannot be taken up again after a reload.
    }
  }
}

function blank() {
  const salt = [...window.crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16)).join("");
  return { salt, uploads: [], files: {} };
}
