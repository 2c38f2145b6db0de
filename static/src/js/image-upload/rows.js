import { OPEN, TROUBLE } from "./queue.js";
import { bytes, number } from "./format.js";

const PER_PAGE = 50;
// state: [what people read, the tag's colour]
export const STATES = {
  asked: ["What does it show?", "yellow"],
  waiting: ["Waiting", "grey"],
  sending: ["Sending", "blue"],
  checking: ["Being checked", "blue"],
  unpacking: ["Being unpacked", "blue"],
  stored: ["Stored", "green"],
  duplicate: ["Already here", "grey"],
  kept: ["Kept; not an image", "blue"],
  unpacked: ["Unpacked", "green"],
  quarantined: ["Waiting for review", "orange"],
  conflict: ["Contradicts", "orange"],
  refused: ["Refused", "purple"],
  failed: ["Failed", "red"],
  cancelled: ["Cancelled", "grey"],
};
const FILTERS = {
  all: () => true,
  open: ({ state }) => OPEN.has(state),
  done: ({ state }) => !OPEN.has(state) && !TROUBLE.has(state) && state !== "cancelled",
  trouble: ({ state }) => TROUBLE.has(state),
};

/** The list of files, fifty at a time; it follows what is being sent until a person turns the pages. */
export class Rows {
  constructor(root, { cancel, retry }) {
    this.section = root.querySelector("[data-files]");
    this.list = root.querySelector("[data-rows]");
    this.pages = root.querySelector("[data-pages]");
    this.pageText = root.querySelector("[data-page-text]");
    this.filter = root.querySelector("[data-filter]");
    this.page = 0;
    this.isFollowing = true;
    this.rows = new Map();
    this.actions = { cancel, retry };
    this.items = [];
    this.filter.addEventListener("change", () => {
      this.page = 0;
      this.isFollowing = this.filter.value === "all";
      this.render(this.items);
    });
    for (const button of this.pages.querySelectorAll("[data-page]")) {
      button.addEventListener("click", () => {
        this.isFollowing = false;
        this.page += Number(button.dataset.page);
        this.render(this.items);
      });
    }
  }

  render(items) {
    this.items = items;
    this.section.hidden = !items.length;
    const matching = items.filter(FILTERS[this.filter.value]);
    const last = Math.max(0, Math.ceil(matching.length / PER_PAGE) - 1);
    if (this.isFollowing) {
      const active = matching.findIndex(({ state }) => state === "sending" || state === "checking");
      if (active >= 0) this.page = Math.floor(active / PER_PAGE);
    }
    this.page = Math.min(Math.max(this.page, 0), last);
    const start = this.page * PER_PAGE;
    const shown = matching.slice(start, start + PER_PAGE);
    this.#place(shown);
    this.pages.hidden = last === 0;
    this.pageText.textContent = `${number(start + 1)} to ${number(start + shown.length)} of ${number(matching.length)}`;
    const [back, forth] = this.pages.querySelectorAll("[data-page]");
    back.disabled = this.page === 0;
    forth.disabled = this.page === last;
  }

  #place(shown) {
    const wanted = new Set(shown);
    for (const [item, row] of this.rows) {
      if (!wanted.has(item)) {
        row.element.remove();
        this.rows.delete(item);
      }
    }
    shown.forEach((item, index) => {
      let row = this.rows.get(item);
      if (!row) {
        row = new Row(item, this.actions);
        this.rows.set(item, row);
      }
      if (this.list.children[index] !== row.element) this.list.insertBefore(row.element, this.list.children[index] ?? null);
      row.update();
    });
  }
}

class Row {
  constructor(item, actions) {
    this.item = item;
    this.element = make("li", "lobule-files__row");
    const name = make("span", "lobule-files__name");
    const folder = item.path.slice(0, item.path.lastIndexOf("/") + 1);
    if (folder) name.append(make("span", "lobule-files__folder", folder));
    name.append(item.path.slice(folder.length));
    this.tag = make("strong", "nhsuk-tag");
    this.note = make("span", "lobule-files__note");
    this.bar = make("progress", "lobule-files__bar");
    this.bar.max = 1;
    this.bar.setAttribute("aria-label", `How much of ${item.path} is sent`);
    this.button = make("button", "lobule-link-button");
    this.button.type = "button";
    this.button.addEventListener("click", () => (OPEN.has(item.state) ? actions.cancel(item) : actions.retry(item)));
    const state = make("span", "lobule-files__state");
    state.append(this.tag);
    this.element.append(name, make("span", "lobule-files__size", bytes(item.file.size)), state, this.button, this.bar, this.note);
  }

  update() {
    const { item } = this;
    const [word, colour] = STATES[item.state];
    if (this.tag.textContent !== word) {
      this.tag.textContent = word;
      this.tag.className = `nhsuk-tag nhsuk-tag--${colour}`;
    }
    const isMoving = item.state === "sending" || item.state === "checking";
    this.bar.hidden = !isMoving;
    if (isMoving) this.bar.value = item.file.size ? item.sent / item.file.size : 1;
    const note = item.message || (item.result?.warnings ?? []).map(({ message }) => message).join(" ");
    this.note.hidden = !note;
    if (this.note.textContent !== note) this.note.textContent = note;
    const action = ["asked", "waiting", "sending"].includes(item.state)
      ? "Cancel"
      : item.state === "failed" || item.state === "refused"
        ? "Try again"
        : "";
    this.button.hidden = !action;
    if (action && this.button.textContent !== action) {
      this.button.textContent = action;
      this.button.setAttribute("aria-label", `${action}: ${item.path}`);
    }
  }
}

/** An element with a class and text; text is only ever text. */
export function make(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
