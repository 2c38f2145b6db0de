const lacksAnAnswer = (form) => [...form.elements].some((field) => field.validity?.valueMissing);

/**
 * Forms with `data-confirm="ID"` are sent only after the dialog of that id was answered with its confirm button; a submit
 * button with `data-confirm` names a dialog of its own. A form that lacks an answer goes without: it is refused, and says why.
 */
export function askBeforeSending() {
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    const dialog = document.getElementById(submitter?.dataset.confirm ?? form.dataset.confirm);
    if (!(dialog instanceof HTMLDialogElement)) return;
    if (dialog.returnValue === "confirm") {
      dialog.returnValue = "";
      return;
    }
    if (lacksAnAnswer(form)) return;
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
