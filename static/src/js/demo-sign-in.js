/** The demo's sign-in list: a button fills the form with its account. */
export function offerDemoSignIns() {
  for (const button of document.querySelectorAll("button[data-fill-email]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const form = document.querySelector("form[data-sign-in]");
      form.elements.login.value = button.dataset.fillEmail;
      form.elements.password.value = button.dataset.fillPassword;
      form.querySelector("button[type=submit]").focus();
    });
  }
}
