// The forms that texts, bytes and JSON have in the vectors.
import { Refusal, UnknownForm } from "./refusal.mjs";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const isObject = (x) => x !== null && typeof x === "object" && !Array.isArray(x);

/** Refuses a vector that lacks a member or has one that is not known. A name with a "?" is one that may be missing. */
export function members(vector, names) {
  if (!isObject(vector)) throw new UnknownForm("a vector that is no object");
  const known = new Set(names.map((name) => name.replace("?", "")));
  for (const name of Object.keys(vector)) if (!known.has(name)) throw new UnknownForm(`the member ${name}`);
  for (const name of names) if (!name.endsWith("?") && !Object.hasOwn(vector, name)) throw new UnknownForm(`no member ${name}`);
}

/** The only member of an object, as [name, value]. */
export function single(object) {
  const entries = isObject(object) ? Object.entries(object) : [];
  if (entries.length !== 1) throw new UnknownForm("an object that has not one member");
  return entries[0];
}

export function fromHex(text) {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text)) throw new UnknownForm("no lower-case hex");
  return Buffer.from(text, "hex");
}

/** The bytes of padded base64 in its one form. */
export function fromBase64(text) {
  const bytes = Buffer.from(String(text), "base64");
  if (bytes.toString("base64") !== text) throw new UnknownForm("no base64");
  return bytes;
}

/** The bytes of a JSON string, of {hex}, or of {repeat, times}. */
export function bytesOf(text) {
  if (typeof text === "string") return Buffer.from(text);
  if (isObject(text) && "hex" in text) {
    members(text, ["hex"]);
    return fromHex(text.hex);
  }
  members(text, ["repeat", "times"]);
  return Buffer.from(text.repeat.repeat(text.times));
}

/** The text of bytes, which must be UTF-8. */
export function utf8(bytes, name = "ErrInvalidValue") {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Refusal(name);
  }
}

/** Orders texts by their UTF-8 bytes; the language's own order is that of UTF-16. */
export const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** JSON with sorted members, without blanks, and nothing escaped that need not be. */
export function compact(value) {
  if (Array.isArray(value)) return `[${value.map(compact).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort(byBytes);
  return `{${names.map((name) => `${JSON.stringify(name)}:${compact(value[name])}`).join(",")}}`;
}
