import { files } from "./format.js";

/** Asks what the pictures show before they are sent: they do not say it themselves. */
export class Ask {
  constructor(root, { answered, leftOut }) {
    this.section = root.querySelector("[data-ask]");
    this.count = root.querySelector("[data-ask-count]");
    this.form = root.querySelector("[data-ask-form]");
    this.error = root.querySelector("[data-ask-error]");
    this.group = root.querySelector("[data-ask-group]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const stated = Object.fromEntries(new FormData(this.form));
      this.#complain(!stated.modality);
      if (stated.modality) answered({ ...stated, reference: stated.reference.trim() });
      else this.form.modality.focus();
    });
    root.querySelector("[data-ask-drop]").addEventListener("click", leftOut);
  }

  render(asked) {
    const appears = this.section.hidden && asked > 0;
    this.section.hidden = asked === 0;
    this.count.textContent = `${files(asked).replace("file", "picture")} ${asked === 1 ? "waits" : "wait"} for this.`;
    if (appears) {
      this.#complain(false);
      this.section.querySelector("h2").focus();
    }
  }

  #complain(isMissing) {
    this.error.hidden = !isMissing;
    this.group.classList.toggle("nhsuk-form-group--error", isMissing);
    this.form.modality.classList.toggle("nhsuk-select--error", isMissing);
  }
}
