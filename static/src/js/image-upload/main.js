import { announce } from "../announce.js";
import { showArrived } from "./arrived.js";
import { Ask } from "./ask.js";
import { Attention } from "./attention.js";
import { acceptFiles } from "./drop.js";
import { files } from "./format.js";
import { worthSending } from "./kinds.js";
import { Memory } from "./memory.js";
import { Pace } from "./pace.js";
import { Queue } from "./queue.js";
import { Rows } from "./rows.js";
import { Server } from "./server.js";
import { countsInWords, headline, paceInWords, summarise } from "./summary.js";

const RENDER_MS = 200;

const root = document.getElementById("image-upload");
const part = (name) => root.querySelector(`[data-${name}]`);
const server = new Server(root);
const memory = new Memory();
const pace = new Pace();
const attention = new Attention(root);
let timer = null;
let wasOpen = false;
let finished = 0;
let leftOut = 0;

const queue = new Queue(server, memory, () => (timer ??= setTimeout(render, RENDER_MS)));
const rows = new Rows(root, { cancel: (item) => queue.cancel(item), retry: (item) => queue.retry(item) });
const ask = new Ask(root, {
  answered: (stated) => queue.state(stated),
  leftOut: () => queue.leaveOut(),
});

root.hidden = false;
acceptFiles(root, take);
offerToGoOn();

part("pause").addEventListener("click", () => {
  pace.reset();
  if (queue.isPaused) queue.resume();
  else queue.pause();
});
const dialog = document.getElementById("cancel-upload");
part("cancel-all").addEventListener("click", () => {
  dialog.returnValue = "";
  dialog.showModal();
});
dialog.addEventListener("close", () => {
  if (dialog.returnValue === "confirm") queue.cancelAll();
});
part("retry-all").addEventListener("click", () => {
  for (const item of queue.items.filter(({ state }) => state === "failed")) queue.retry(item);
});
part("forget").addEventListener("click", () => {
  memory.clear();
  part("interrupted").hidden = true;
  root.querySelector("[data-choose]").focus();
});
window.addEventListener("beforeunload", (event) => {
  // What is being unpacked goes on without this page.
  const { open, counts } = summarise(queue.items);
  if (open > (counts.unpacking ?? 0)) event.preventDefault();
});

async function take(found) {
  const worth = await worthSending(found);
  worth.kept.sort((one, other) => one.path.localeCompare(other.path, "en", { numeric: true }));
  leftOut += worth.leftOut;
  part("interrupted").hidden = true;
  if (!worth.kept.length) {
    announce("No image files were found.");
  }
  const before = queue.items.length;
  await queue.add(worth.kept);
  const added = queue.items.length - before;
  if (added) announce(`${files(added)} added.`);
}

function render() {
  timer = null;
  const summary = summarise(queue.items);
  pace.note(summary.sent);
  const isSending = summary.open > summary.asked;
  part("overall").hidden = !summary.files && !leftOut;
  part("drop").classList.toggle("lobule-drop--small", summary.files > 0);
  setText(part("headline"), headline(summary, queue));
  part("overall-bar").value = summary.total ? summary.sent / summary.total : Number(summary.files > 0);
  setText(part("counts"), countsInWords(summary.counts));
  setText(part("pace"), paceInWords(summary, pace.rate, isSending && !queue.isPaused && queue.isOnline));
  part("offline").hidden = queue.isOnline || !isSending;
  part("pause").hidden = part("cancel-all").hidden = !isSending;
  setText(part("pause"), queue.isPaused ? "Go on" : "Pause");
  part("left-out").hidden = !leftOut;
  setText(part("left-out"), `${files(leftOut)} of the folder left out: programs and pages of a disc, no images.`);
  ask.render(queue.items.filter(({ state }) => state === "asked"));
  attention.render(queue.items);
  rows.render(queue.items);
  // Small files may have arrived before anything was drawn, so that no file was ever seen open.
  if (!summary.open && (wasOpen || summary.files > finished)) {
    finished = summary.files;
    finish(summary);
  }
  wasOpen = summary.open > 0;
  if (isSending && !queue.isPaused) timer ??= setTimeout(render, 1000);
}

async function finish(summary) {
  announce(`The upload has finished: ${countsInWords(summary.counts)}.`);
  if (!summary.counts.failed) memory.clear();
  await showArrived(root, server, queue.lots.keys());
}

/** After the page was loaded again: says what had arrived, and that the rest goes on once the files are chosen again. */
async function offerToGoOn() {
  const uploads = await Promise.all(memory.uploads.map(({ id }) => server.upload(id).catch(() => null)));
  const known = uploads.filter(Boolean);
  if (!known.length || queue.items.length) {
    if (!queue.items.length) memory.clear();
    return;
  }
  const arrived = known.reduce((sum, { counts }) => sum + total(counts) - (counts.receiving ?? 0), 0);
  setText(
    part("interrupted-text"),
    `${files(arrived)} had arrived whole. To send the rest, choose the same files or the same folder again: ` +
      "what has arrived is skipped, and a file that was cut off goes on where it stopped.",
  );
  part("interrupted-link").href = known.at(-1).page_url;
  part("interrupted").hidden = false;
}

const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
