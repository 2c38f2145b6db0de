const WHOLE = new Intl.NumberFormat("en-GB");
const UNITS = ["bytes", "kB", "MB", "GB"];

/** 1234567 as "1.2 MB". */
export function bytes(count) {
  let unit = 0;
  let value = count;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 100 ? value.toFixed(1) : WHOLE.format(Math.round(value))} ${UNITS[unit]}`;
}

/** Seconds as people say them: "less than a minute", "12 minutes", "1 h 5 min". */
export function duration(seconds) {
  if (seconds < 50) return "less than a minute";
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes === 1) return "about a minute";
  return minutes < 60 ? `about ${minutes} minutes` : `about ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 1234 as "1,234". */
export const number = (value) => WHOLE.format(value);

/** "1 archive", "1,234 archives". */
export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** "1 file", "1,234 files". */
export const files = (count) => counted(count, "file");
