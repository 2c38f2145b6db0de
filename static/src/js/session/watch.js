import { hasUnsavedText, watchActs } from "./acts.js";
import { leave } from "./leave.js";
import { Server } from "./server.js";
import { tabs } from "./tabs.js";
import { inWords, spoken } from "./words.js";

const SECOND = 1000;
// While the server cannot be reached, it is asked again after this long.
const AGAIN_MS = 5 * SECOND;

/**
 * Watches the session of a page: warns before it ends, makes it last while somebody works here, leaves when it is over.
 *
 * The server alone decides. The page asks it before it warns and before it leaves, because other tabs and other
 * requests make the session last as well.
 */
export class Watch {
  constructor(dialog) {
    const { signInUrl, secondsLeft, limit, warningSeconds, person } = dialog.dataset;
    this.dialog = dialog;
    this.server = new Server(dialog.dataset, dialog.querySelector("[name=csrfmiddlewaretoken]").value);
    this.signInUrl = signInUrl;
    this.person = person;
    this.warningSeconds = Number(warningSeconds);
    // Somebody who works on a page without asking the server for anything is heard of this often.
    this.actMs = Math.max(1, Math.min(60, (Number(secondsLeft) - this.warningSeconds) / 4)) * SECOND;
    this.extendedAt = Date.now();
    this.isDismissed = false;
    this.title = document.title;
    this.#note({ seconds_left: Number(secondsLeft), limit });
  }

  start() {
    this.dialog.querySelector("[data-stay]").addEventListener("click", () => this.#stay());
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#stay();
    });
    watchActs(() => this.#acted());
    tabs.listen((message) => (message.look ? this.#look() : this.#heard(message.left)));
    // A computer that slept, or a page taken out of the browser's memory, has missed its timers.
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#woke());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.#woke());
    this.#plan();
  }

  get secondsLeft() {
    return Math.max(0, Math.round((this.deadline - Date.now()) / SECOND));
  }

  #note({ seconds_left: seconds, limit }) {
    this.deadline = Date.now() + seconds * SECOND;
    this.limit = limit;
  }

  /** Waits for the next thing to do: to warn, to count down, or to leave. */
  #plan() {
    clearTimeout(this.timer);
    const left = this.deadline - Date.now();
    const untilWarning = this.isDismissed ? left : left - this.warningSeconds * SECOND;
    const wait = this.dialog.open ? left % SECOND || SECOND : untilWarning;
    this.timer = setTimeout(() => this.#tick(), Math.max(0, wait));
  }

  #tick() {
    if (!this.dialog.open || this.secondsLeft === 0) return this.#look();
    this.#draw();
    return this.#plan();
  }

  /** Asks the server, and does what its answer calls for. */
  async #look() {
    clearTimeout(this.timer);
    try {
      this.#answered(await this.server.left());
    } catch {
      // Out of reach: the page may not outlive what it was last promised.
      if (this.secondsLeft === 0) this.#leave();
      else this.timer = setTimeout(() => this.#look(), Math.min(AGAIN_MS, this.secondsLeft * SECOND));
    }
  }

  async #extend() {
    this.extendedAt = Date.now();
    try {
      const left = await this.server.extend();
      if (left) tabs.tell({ left });
      this.#answered(left);
    } catch {
      this.#plan();
    }
  }

  #answered(left) {
    if (!left || left.person !== this.person) this.#leave();
    else this.#heard(left);
  }

  #heard(left) {
    if (left.person !== this.person) {
      this.#look();
      return;
    }
    this.#note(left);
    if (this.secondsLeft === 0) this.#leave();
    else if (this.secondsLeft > this.warningSeconds) this.#close();
    else if (!this.isDismissed) this.#warn();
    this.#plan();
  }

  #warn() {
    if (!this.dialog.open) {
      const isLast = this.limit === "absolute";
      for (const why of this.dialog.querySelectorAll("[data-why]")) why.hidden = why.dataset.why !== this.limit;
      this.dialog.querySelector("[data-unsaved]").hidden = !hasUnsavedText();
      this.dialog.querySelector("[data-stay]").textContent = isLast ? "Go on until then" : "Stay signed in";
      document.title = `Signing out soon – ${this.title}`;
      this.dialog.showModal();
    }
    this.#draw();
  }

  #draw() {
    this.dialog.querySelector("[data-clock]").textContent = inWords(this.secondsLeft);
    const words = spoken(this.secondsLeft);
    if (words) this.dialog.querySelector("[data-spoken]").textContent = words;
  }

  #close() {
    if (!this.dialog.open) return;
    this.dialog.close(); // gives the focus back to where it was
    document.title = this.title;
    this.dialog.querySelector("[data-spoken]").textContent = "";
  }

  #stay() {
    if (this.limit === "idle") {
      this.#extend();
      return;
    }
    // Nothing makes it longer: the person has been told, and may finish what they are at.
    this.isDismissed = true;
    this.#close();
    this.#plan();
  }

  #acted() {
    // Under the warning only its buttons count.
    if (!this.dialog.open && Date.now() - this.extendedAt >= this.actMs) this.#extend();
  }

  #woke() {
    if (this.secondsLeft === 0) document.documentElement.classList.add("session-over");
    this.#look().then(() => this.secondsLeft && document.documentElement.classList.remove("session-over"));
  }

  #leave() {
    clearTimeout(this.timer);
    leave(this.signInUrl, this.secondsLeft ? "ended" : this.limit);
  }
}
