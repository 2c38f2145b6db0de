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
        if (dialog.returnValue !== "confirm") return;
        // A piece of page that renews itself may have put a new form in this one's place meanwhile.
        if (form.isConnected) form.requestSubmit(submitter);
        else document.getElementById(form.id)?.requestSubmit();
      },
      { once: true },
    );
    dialog.returnValue = "";
    dialog.showModal();
  }, { capture: true });
}
