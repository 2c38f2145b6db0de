const SPOKEN_AT = [60, 30, 10];

const count = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"}`;

/** "1 minute 5 seconds", "40 seconds". */
export function inWords(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (!minutes) return count(rest, "second");
  return rest ? `${count(minutes, "minute")} ${count(rest, "second")}` : count(minutes, "minute");
}

/** What a screen reader says with so many seconds left; nothing most of the time, or nobody could listen. */
export function spoken(seconds) {
  return SPOKEN_AT.includes(seconds) ? `${inWords(seconds)} left.` : "";
}
