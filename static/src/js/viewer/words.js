/** Dates, sizes and answers as people read them. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "20260312" as "12 Mar 2026"; what is no date stays as it is. */
export function date(dicom) {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(dicom) ?? [];
  return MONTHS[month - 1] ? `${Number(day)} ${MONTHS[month - 1]} ${year}` : dicom;
}

const SEXES = { F: "female", M: "male", O: "other" };

/** "born 14 Mar 1962 (63), female, ID NG-20417". */
export function patientFacts({ id, birthDate, sex }, studyDate) {
  const age = yearsBetween(birthDate, studyDate);
  const born = birthDate ? `born ${date(birthDate)}${age === null ? "" : ` (${age})`}` : "";
  return [born, SEXES[sex] ?? sex, id ? `ID ${id}` : ""].filter(Boolean).join(" · ");
}

function yearsBetween(from, to) {
  if (!/^\d{8}$/.test(from) || !/^\d{8}$/.test(to)) return null;
  const years = Number(to.slice(0, 4)) - Number(from.slice(0, 4)) - (to.slice(4) < from.slice(4) ? 1 : 0);
  return years >= 0 && years < 130 ? years : null;
}

/** "2 years 1 month earlier". */
export function interval(prior, current) {
  if (!/^\d{8}$/.test(prior) || !/^\d{8}$/.test(current)) return "";
  const months = (text) => 12 * Number(text.slice(0, 4)) + Number(text.slice(4, 6)) + (Number(text.slice(6)) - 1) / 31;
  const apart = Math.floor(Math.abs(months(current) - months(prior)));
  const [years, rest] = [Math.floor(apart / 12), apart % 12];
  const parts = [years ? `${years} year${years > 1 ? "s" : ""}` : "", rest ? `${rest} month${rest > 1 ? "s" : ""}` : ""];
  const span = parts.filter(Boolean).join(" ") || "less than a month";
  return `${span} ${prior <= current ? "earlier" : "later"}`;
}

/** A probability; never rounded to certainty. */
export function percent(value) {
  const hundredths = 100 * value;
  if (hundredths > 0 && hundredths < 0.1) return "<0.1%";
  if (hundredths < 100 && hundredths > 99.9) return ">99.9%";
  return `${hundredths.toFixed(hundredths < 10 ? 1 : 0)}%`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

const SIDES = { L: "Left", R: "Right", B: "Both" };

/** "R CC", or what else tells the image from the others. */
export function viewLabel(image) {
  return [image.laterality, image.view].filter(Boolean).join(" ");
}

export function spokenView(image) {
  return [SIDES[image.laterality], image.view].filter(Boolean).join(" ");
}

/** One line about what the model made of the image. */
export function answerLine(image) {
  const { reading } = image;
  if (!reading) return { waiting: "Being read…", read: "Read", "not-read": "Not read", stopped: "Not read" }[image.readingState] ?? "";
  if (reading.status === "refused") return "Not scored";
  const share = percent(reading.probability);
  return reading.status === "uncertain" ? `Uncertain · ${share}` : `${capital(reading.finding)} · ${share}`;
}

/** A value of a window, as exact as anybody needs it. */
export const rounded = (value) => Number(value.toFixed(Math.abs(value) >= 100 ? 0 : 2));

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
