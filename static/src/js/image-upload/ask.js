import { counted } from "./format.js";

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

  /** Asks about the files that wait for it, if any do. */
  render(asked) {
    const appears = this.section.hidden && asked.length > 0;
    const pictures = asked.filter(({ unstated }) => unstated === "picture").length;
    const archives = asked.length - pictures;
    const archived = archives && `${counted(archives, "archive")} with pictures`;
    this.section.hidden = !asked.length;
    this.count.textContent = `${[pictures && counted(pictures, "picture"), archived].filter(Boolean).join(" and ")} ${asked.length === 1 ? "waits" : "wait"} for this.`;
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
