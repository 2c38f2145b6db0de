import { announce } from "./announce.js";
import { checkSample } from "./fna-rules.js";
import { parseNumber, parseRow } from "./fna-row.js";

const PAUSE_MS = 400; // hints wait until a number is probably whole

const form = document.querySelector("form[data-fna-form]");
const schema = JSON.parse(document.getElementById("fna-schema").textContent);
const inputs = schema.features.map(({ name }) => form.elements[name]);
const hints = new Map(inputs.map((input) => [input.name, addHint(input)]));

/** A polite live region at the end of the field's group, which also describes the field. */
function addHint(input) {
  const hint = document.createElement("p");
  hint.id = `${input.id}_live`;
  hint.className = "lobule-live";
  hint.setAttribute("aria-live", "polite");
  input.closest(".nhsuk-form-group").append(hint);
  const others = input.getAttribute("aria-describedby");
  input.setAttribute("aria-describedby", others ? `${others} ${hint.id}` : hint.id);
  return hint;
}

function show(findings) {
  for (const [index, input] of inputs.entries()) {
    const own = findings.filter(({ features }) => features.includes(input.name));
    // A rule's words stand once, beside the last of the fields that it ties together.
    const messages = own.filter(({ features }) => lastIndex(features) === index).map(({ message }) => message);
    if (input.value.trim() && Number.isNaN(parseNumber(input.value))) messages.unshift("Enter a number, such as 17.99.");
    const text = messages.join(" ");
    const hint = hints.get(input.name);
    if (hint.textContent !== text) hint.textContent = text;
    const severity = own.some((finding) => finding.severity === "error") ? "error" : own.length ? "warning" : "";
    hint.dataset.severity = input.dataset.severity = severity || (text ? "error" : "");
  }
}

const lastIndex = (features) => Math.max(...features.map((name) => inputs.findIndex((input) => input.name === name)));

function check() {
  show(checkSample(schema, Object.fromEntries(inputs.map((input) => [input.name, parseNumber(input.value)]))));
}

// Never at once, as on leaving a field: a hint that appears under a click moves the button away from it.
let pause;
form.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(check, PAUSE_MS);
});

form.addEventListener("paste", (event) => {
  if (!inputs.includes(event.target)) return;
  const row = parseRow(event.clipboardData.getData("text"), inputs.length);
  if (!row) return;
  event.preventDefault();
  inputs.forEach((input, index) => (input.value = row[index]));
  check();
  announce(`${inputs.length} values filled in from the pasted row. Check them before you send.`);
});

check();
