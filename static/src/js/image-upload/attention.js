import { files } from "./format.js";
import { TROUBLE } from "./queue.js";
import { make, STATES } from "./rows.js";

const NAMED = 100;

/** What went wrong, each reason once with the files that it befell. */
export class Attention {
  constructor(root) {
    this.section = root.querySelector("[data-attention]");
    this.list = root.querySelector("[data-reasons]");
    this.retryAll = root.querySelector("[data-retry-all]");
    this.shown = "";
  }

  render(items) {
    const groups = new Map();
    for (const item of items) {
      if (!TROUBLE.has(item.state)) continue;
      const key = `${item.state}\0${item.message}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(item);
    }
    const fingerprint = [...groups].map(([key, group]) => `${key}\0${group.length}`).join("\0");
    if (fingerprint === this.shown) return;
    this.shown = fingerprint;
    this.section.hidden = !groups.size;
    this.retryAll.hidden = ![...groups.values()].some(([first]) => first.state === "failed");
    this.list.replaceChildren(...[...groups.values()].map(reason));
  }
}

function reason(group) {
  const [first] = group;
  const [word, colour] = STATES[first.state];
  const entry = make("li", "lobule-reason");
  const head = make("p", "lobule-reason__head");
  head.append(make("strong", `nhsuk-tag nhsuk-tag--${colour}`, word), ` ${files(group.length)}`);
  entry.append(head, make("p", "", first.message || "No reason was given."));
  const details = make("details", "nhsuk-details");
  const summary = make("summary", "nhsuk-details__summary");
  summary.append(make("span", "nhsuk-details__summary-text", group.length === 1 ? "Which file" : "Which files"));
  const names = make("ul", "nhsuk-details__text lobule-reason__names");
  for (const item of group.slice(0, NAMED)) names.append(make("li", "", item.path));
  if (group.length > NAMED) names.append(make("li", "", `and ${files(group.length - NAMED)} more`));
  details.append(summary, names);
  entry.append(details);
  return entry;
}
