import { needsStatement } from "./kinds.js";
import { send } from "./transfer.js";

const PARALLEL = 3;
const POLL_MS = 1500;
const LOOKS = 400;
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** The states of a file. OPEN ones are not finished; TROUBLE wants a person. */
export const OPEN = new Set(["asked", "waiting", "sending", "checking", "unpacking"]);
export const TROUBLE = new Set(["refused", "failed", "quarantined", "conflict"]);

/** The files of this page: sent three at a time, paused, cancelled, tried again. */
export class Queue {
  constructor(server, memory, changed) {
    this.server = server;
    this.memory = memory;
    this.changed = changed;
    this.items = [];
    this.lots = new Map();
    this.next = 0;
    this.running = 0;
    this.isPaused = false;
    window.addEventListener("online", () => this.#backOnline());
    window.addEventListener("offline", () => this.changed());
  }

  /** Whether the site can be reached as far as the browser knows; one on this very machine needs no network. */
  get isOnline() {
    return navigator.onLine || LOOPBACK.has(window.location.hostname);
  }

  /** Adds files. Those that arrived before the page was loaded again are not sent twice. */
  async add(found) {
    const known = await Promise.all(found.map((candidate) => this.memory.fingerprint(candidate)));
    const unstated = await Promise.all(found.map(needsStatement));
    found.forEach(({ file, path }, index) => {
      const fingerprint = known[index];
      if (fingerprint && this.items.some((item) => item.fingerprint === fingerprint && item.state !== "cancelled")) return;
      const earlier = this.memory.recall(fingerprint);
      const state = earlier?.status ?? (unstated[index] && !earlier ? "asked" : "waiting");
      this.items.push({
        id: this.items.length,
        file,
        path,
        fingerprint,
        state,
        unstated: unstated[index],
        stated: {},
        url: earlier?.url ?? null,
        sent: earlier?.status ? file.size : 0,
        message: earlier?.status ? "Arrived before the page was loaded again." : "",
        result: null,
        stop: null,
      });
    });
    this.#pump();
  }

  /** Sends the pictures that wait for it as what they are stated to be. */
  state(stated) {
    for (const item of this.items.filter(({ state }) => state === "asked")) Object.assign(item, { stated, state: "waiting" });
    this.#restart();
  }

  /** Sends no picture that waits for it; an archive goes without a statement, for the sake of its other files. */
  leaveOut() {
    for (const item of this.items.filter(({ state }) => state === "asked")) {
      if (item.unstated === "mixed") item.state = "waiting";
      else this.cancel(item);
    }
    this.#restart();
  }

  pause() {
    this.isPaused = true;
    for (const item of this.items.filter(({ state }) => state === "sending")) this.#interrupt(item, "waiting");
    this.changed();
  }

  resume() {
    this.isPaused = false;
    this.#restart();
  }

  /** Takes a file out; what came of it is removed from the server. */
  cancel(item) {
    if (!OPEN.has(item.state) || item.state === "checking" || item.state === "unpacking") return;
    this.#interrupt(item, "cancelled", true);
    this.memory.forget(item.fingerprint);
    this.#pump();
  }

  cancelAll() {
    for (const item of this.items) {
      if (["asked", "waiting", "sending"].includes(item.state)) {
        this.#interrupt(item, "cancelled", true);
        this.memory.forget(item.fingerprint);
      }
    }
    this.isPaused = false;
    this.changed();
  }

  retry(item) {
    if (item.state !== "failed" && item.state !== "refused") return;
    // A refused file is announced anew, a failed one goes on where it stopped.
    if (item.state === "refused") Object.assign(item, { url: null, sent: 0 });
    const isUnstated = item.result?.code === "modality_not_stated";
    if (isUnstated) item.unstated = "picture";
    Object.assign(item, { state: isUnstated ? "asked" : "waiting", message: "", result: null });
    this.#restart();
  }

  #restart() {
    this.next = 0;
    this.#pump();
  }

  #pump() {
    while (this.running < PARALLEL && !this.isPaused && this.next < this.items.length) {
      const item = this.items[this.next];
      this.next += 1;
      if (item.state === "waiting") this.#start(item);
    }
    this.changed();
  }

  async #start(item) {
    this.running += 1;
    item.state = "sending";
    const turn = (item.turn = {});
    const isCurrent = () => item.turn === turn;
    let lot;
    try {
      lot = await this.server.lotFor(item.stated, (upload) => {
        this.lots.set(upload.id, upload);
        this.memory.addUpload({ id: upload.id, page: upload.page_url });
      });
    } catch (error) {
      if (isCurrent()) this.#settle(item, { state: "failed", message: error.message, isLost: !error.status });
      return;
    }
    if (!isCurrent()) return;
    item.stop = send(item, lot, this.server, {
      url: (url) => {
        item.url = url;
        this.memory.remember(item.fingerprint, { url: new URL(url, location.href).pathname });
      },
      progress: (sent) => {
        if (!isCurrent()) return;
        item.sent = sent;
        if (sent >= item.file.size) item.state = "checking";
        this.changed();
      },
      arrived: (result) => isCurrent() && this.#arrived(item, result),
      failed: ({ message, isLost, isGone }) => {
        if (!isCurrent()) return;
        if (isGone) Object.assign(item, { url: null, sent: 0 });
        this.#settle(item, { state: "failed", message, isLost });
      },
    });
  }

  #arrived(item, result) {
    if (result.status === "receiving") {
      this.#settle(item, { state: "failed", message: "The file did not arrive whole. Try again." });
      return;
    }
    item.sent = item.file.size;
    if (result.status === "received") {
      this.#settle(item, { state: "unpacking", message: "", result });
      this.#follow(item, result);
      return;
    }
    this.#settle(item, { state: result.status, message: result.message, result });
  }

  /** Asks how far an archive's unpacking is until it has ended. */
  async #follow(item, result) {
    for (let look = 0; look < LOOKS && item.state === "unpacking"; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      try {
        const job = result.job ? await this.server.job(result.job) : null;
        if (job && !job.finished_at) {
          item.message = `${job.progress_done} of ${job.progress_total} files unpacked`;
          this.changed();
          continue;
        }
        const now = await this.server.result(item.url);
        if (now.status === "received" && job?.status !== "succeeded") {
          this.#settle(item, { state: "refused", message: job?.error_message || "The archive could not be unpacked.", result: now });
        } else if (now.status !== "received") {
          this.#settle(item, { state: now.status, message: now.message, result: now });
        }
      } catch {
        // Asked again in a moment.
      }
    }
  }

  #settle(item, { state, message, result = null, isLost = false }) {
    const wasRunning = item.turn !== null && item.turn !== undefined;
    Object.assign(item, { state, message, result, isLost, stop: null, turn: null });
    if (result && state !== "refused" && state !== "unpacking") {
      this.memory.remember(item.fingerprint, { url: item.url, status: state });
    }
    if (state === "refused") this.memory.forget(item.fingerprint);
    if (wasRunning) this.running -= 1;
    this.#pump();
  }

  #interrupt(item, state, forget = false) {
    const { stop, turn } = item;
    Object.assign(item, { state, stop: null, turn: null });
    if (turn) this.running -= 1;
    stop?.(forget);
  }

  #backOnline() {
    for (const item of this.items) if (item.state === "failed" && item.isLost) item.state = "waiting";
    this.#restart();
  }
}
