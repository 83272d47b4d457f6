// Times: the stored form, and the RFC 3339 texts it is read from. A time is [seconds since 1970, nanoseconds].
import { refuse } from "./refusal.mjs";

const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Milliseconds of the start of a day that exists in the calendar. */
function startOfDay(year, month, day) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC takes the years 0 to 99 for others
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) refuse("ErrInvalidValue");
  return date.getTime();
}

export function parseTime(text) {
  const parts = FORM.exec(text.replace("t", "T").replace("z", "Z"));
  if (parts === null) refuse("ErrInvalidValue");
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) refuse("ErrInvalidValue");
  const offset = (offsetHours * 60 + offsetMinutes) * 60 * (parts[8] === "-" ? -1 : 1);
  const seconds = startOfDay(year, month, day) / 1000 + hour * 3600 + minute * 60 + second - offset;
  const utcYear = new Date(seconds * 1000).getUTCFullYear();
  if (utcYear < 0 || utcYear > 9999) refuse("ErrInvalidValue");
  return [seconds, Number((parts[7] ?? "").slice(0, 9).padEnd(9, "0"))];
}

/** The stored form: UTC, nine digits of fraction. */
export function timeText([seconds, nanoseconds]) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanoseconds).padStart(9, "0")}Z`;
}

/** Whether a text is a time in stored form, or in that with digits of milliseconds. */
export function isStoredTime(text, digits = 9) {
  if (text.length !== "2006-01-02T15:04:05.Z".length + digits || !/^[\d-]{10}T[\d:]{8}\.\d+Z$/.test(text)) return false;
  try {
    parseTime(text);
    return true;
  } catch {
    return false;
  }
}
