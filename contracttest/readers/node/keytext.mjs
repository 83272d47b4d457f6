// The codec of components: each byte 00 to 25 is percent-encoded, upper-case, and no other.
import { refuse } from "./refusal.mjs";

export function encodeText(bytes) {
  const out = [];
  for (const byte of bytes) {
    if (byte > 0x25) out.push(byte);
    else out.push(...Buffer.from(`%${byte.toString(16).toUpperCase().padStart(2, "0")}`));
  }
  return Buffer.from(out);
}

/** The way back. What encodeText gives for no text is refused. */
export function decodeText(bytes) {
  const escapes = /%(0[0-9A-F]|1[0-9A-F]|2[0-5])/g;
  const text = bytes.toString("latin1"); // a character for each byte
  if (/[\x00-\x25]/.test(text.replace(escapes, ""))) refuse("ErrTypeMismatch");
  return Buffer.from(text.replace(escapes, (_, hex) => String.fromCharCode(parseInt(hex, 16))), "latin1");
}
