/**
 * Passkeys where they work: buttons with `data-passkey` show themselves, and where they do not, `data-no-passkey` says
 * why. A browser binds a passkey to a host's name, so a page opened by number has none to bind it to.
 */
export function offerPasskeys() {
  const reason = whyNot();
  for (const control of document.querySelectorAll("[data-passkey]")) control.hidden = Boolean(reason);
  for (const note of document.querySelectorAll(`[data-no-passkey="${reason}"]`)) {
    note.hidden = false;
    for (const link of note.querySelectorAll("[data-by-name]")) link.href = byName();
  }
  // allauth's script reports here what the browser or the person refused.
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    for (const note of document.querySelectorAll("[data-passkey-fault]")) note.hidden = false;
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-passkey]")) return;
    for (const note of document.querySelectorAll("[data-passkey-fault]")) note.hidden = true;
  });
}

function whyNot() {
  if (/^[\d.]+$|^\[/.test(location.hostname)) return "host";
  return window.PublicKeyCredential ? "" : "browser";
}

/** The same page under a name: what runs on this machine is `localhost`. */
function byName() {
  const address = new URL(location.href);
  address.hostname = "localhost";
  return address.href;
}
