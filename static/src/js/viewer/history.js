/** Undo and redo: a line of steps, each of which can be taken back and taken again. */

export class History extends EventTarget {
  #done = [];
  #undone = [];

  /** Notes a step that was just taken: {what, undo(), redo()}. */
  add(step) {
    this.#done.push(step);
    this.#undone = [];
    this.#say();
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** Takes the last step back; resolves with what it was, or null. */
  undo() {
    return this.#move(this.#done, this.#undone, "undo");
  }

  redo() {
    return this.#move(this.#undone, this.#done, "redo");
  }

  async #move(from, to, direction) {
    const step = from.pop();
    if (!step) return null;
    to.push(step);
    this.#say();
    await step[direction]();
    return step.what;
  }

  #say() {
    this.dispatchEvent(new Event("change"));
  }
}
