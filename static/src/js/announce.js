const announcer = () => document.getElementById("announcer");

/** Lets screen readers say `text`, once. */
export function announce(text) {
  if (announcer().textContent !== text) announcer().textContent = text;
}

/** Says the `data-announce` of fragments that htmx swaps in, when it changes: progress, not every poll. */
export function announceProgress() {
  document.body.addEventListener("htmx:afterSettle", ({ target }) => {
    const source = target.closest("[data-announce]") ?? target.querySelector("[data-announce]");
    if (source) announce(source.dataset.announce);
  });
}
