/** Leaves a page whose session is over: hides it at once, then goes where one signs in and comes back. */
export function leave(signInUrl, reason) {
  document.documentElement.classList.add("session-over");
  document.title = "Signed out";
  // No "Leave site?" over a page that nobody may see any more. Capturing listeners come first.
  window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), { capture: true });
  const query = new URLSearchParams({ next: window.location.pathname + window.location.search, over: reason });
  window.location.replace(`${signInUrl}?${query}`);
}
