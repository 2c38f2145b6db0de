const WINDOW_MS = 8000;

/** How fast bytes go, over the last seconds. */
export class Pace {
  constructor() {
    this.samples = [];
  }

  /** Notes that `sent` bytes have gone by now. */
  note(sent) {
    const now = performance.now();
    this.samples.push([now, sent]);
    while (this.samples.length > 2 && now - this.samples[0][0] > WINDOW_MS) this.samples.shift();
  }

  /** Bytes a second; 0 as long as it cannot be told. */
  get rate() {
    if (this.samples.length < 2) return 0;
    const [[from, first], [to, last]] = [this.samples[0], this.samples.at(-1)];
    return to - from > 500 ? Math.max(0, (1000 * (last - first)) / (to - from)) : 0;
  }

  /** After a pause the past tells nothing. */
  reset() {
    this.samples = [];
  }
}
