import { OPEN } from "./queue.js";
import { bytes, duration, files, number } from "./format.js";

const WORDS = [
  ["stored", "stored"],
  ["duplicate", "already here"],
  ["kept", "kept, not images"],
  ["unpacked", "unpacked"],
  ["quarantined", "waiting for review"],
  ["conflict", "contradicting an earlier file"],
  ["unpacking", "being unpacked"],
  ["refused", "refused"],
  ["failed", "failed"],
  ["cancelled", "cancelled"],
];

/** What the whole upload comes to: counts by state, bytes sent and to be sent. */
export function summarise(items) {
  const counts = {};
  let total = 0;
  let sent = 0;
  let open = 0;
  for (const item of items) {
    counts[item.state] = (counts[item.state] ?? 0) + 1;
    if (OPEN.has(item.state)) open += 1;
    if (item.state === "cancelled" || item.state === "asked") continue;
    total += item.file.size;
    sent += Math.min(item.sent, item.file.size);
  }
  return { counts, total, sent, open, asked: counts.asked ?? 0, files: items.length };
}

/** "212 stored, 3 already here, 1 refused". */
export function countsInWords(counts) {
  const words = WORDS.filter(([state]) => counts[state]).map(([state, word]) => `${number(counts[state])} ${word}`);
  return words.join(", ");
}

/** What the headline says. */
export function headline(summary, { isPaused, isOnline }) {
  const { open, asked } = summary;
  const left = open - asked;
  if (left === 0) return asked ? "Waiting for you" : "Finished";
  if (!isOnline) return "Waiting for the connection";
  if (isPaused) return `Paused: ${files(left)} to go`;
  return `Sending: ${files(left)} to go`;
}

/** "31 MB of 1.2 GB · 8.4 MB a second · about 2 minutes left". */
export function paceInWords(summary, rate, isMoving) {
  const words = [`${bytes(summary.sent)} of ${bytes(summary.total)}`];
  if (isMoving && rate > 0) {
    words.push(`${bytes(rate)} a second`);
    words.push(`${duration((summary.total - summary.sent) / rate)} left`);
  }
  return words.join(" · ");
}
