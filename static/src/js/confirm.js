/** Forms with `data-confirm="ID"` are sent only after the dialog of that id was answered with its confirm button. */
export function askBeforeSending() {
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    const dialog = document.getElementById(form.dataset.confirm);
    if (!(dialog instanceof HTMLDialogElement)) return;
    if (dialog.returnValue === "confirm") {
      dialog.returnValue = "";
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue === "confirm") form.requestSubmit(submitter);
      },
      { once: true },
    );
    dialog.returnValue = "";
    dialog.showModal();
  }, { capture: true });
}
