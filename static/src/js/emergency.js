/**
 * The banner of an emergency access: says how long it still runs, and clears the page when it is over. The server opens
 * nothing after that anyway; this takes away what stands on the screen.
 */
import "../styles/_emergency.scss";

const EVERY = 5000;

/** What a banner says at this moment, or null when the access is over. */
export function leftInWords(ends, now) {
  const seconds = Math.ceil((ends - now) / 1000);
  if (seconds <= 0) return null;
  if (seconds <= 60) return ", less than a minute left";
  const minutes = Math.ceil(seconds / 60);
  return `, ${minutes} minutes left`;
}

function watch(banner) {
  // Counted from the server's figure: a computer whose clock is fast must not think that it is over. One second more, so
  // that the server thinks so too when the page is asked for again.
  const ends = Date.now() + (Number(banner.dataset.emergencySeconds) + 1) * 1000;
  const left = banner.querySelector("[data-emergency-left]");
  const timer = setInterval(tell, EVERY);
  tell();

  function tell() {
    const words = leftInWords(ends, Date.now());
    if (words !== null) {
      left.textContent = words;
      return;
    }
    clearInterval(timer);
    left.textContent = ", and is over";
    if (!holdsUnsent()) location.reload();
  }
}

/** Whether somebody has typed something here that a reload would lose. */
function holdsUnsent() {
  return [...document.querySelectorAll("input:not([type=hidden]), textarea")].some((field) =>
    ["checkbox", "radio"].includes(field.type) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue,
  );
}

document.querySelectorAll("[data-emergency-seconds]").forEach(watch);
