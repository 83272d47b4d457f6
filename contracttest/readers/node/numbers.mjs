// Numbers as DynamoDB has them: up to 38 significant digits, from 1E-130 to below 1E126 either side of zero.
import { refuse } from "./refusal.mjs";

/** {negative, digits, exponent} of a number's text, digits without zeros at either end and empty for zero. */
export function parseNumber(text, name = "ErrInvalidValue") {
  const parts = /^([+-]?)(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null || (parts[2] === "" && parts[3] === undefined)) refuse(name);
  const fraction = parts[3] ?? "";
  const significant = (parts[2] + fraction).replace(/^0+/, "");
  const digits = significant.replace(/0+$/, "");
  if (digits === "") return { negative: false, digits, exponent: 0n };
  const exponent = BigInt(parts[4]?.replace("+", "") ?? "0") - BigInt(fraction.length) + BigInt(significant.length - digits.length);
  const first = exponent + BigInt(digits.length) - 1n; // the power of ten of the first digit
  if (digits.length > 38 || first > 125n || first < -130n) refuse(name);
  return { negative: parts[1] === "-", digits, exponent };
}

/** The text that a number has in canonical bytes. */
export function canonicalNumber(text, name) {
  const { negative, digits, exponent } = parseNumber(text, name);
  return digits === "" ? "0" : `${negative ? "-" : ""}${digits}e${exponent}`;
}

/** A number without exponent, as DynamoDB returns it. */
export function plainNumber(text) {
  const { negative, digits, exponent } = parseNumber(text);
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  const shift = Number(exponent);
  if (shift >= 0) return sign + digits + "0".repeat(shift);
  const padded = digits.padStart(1 - shift, "0"); // at least one digit in front of the point
  return `${sign}${padded.slice(0, shift)}.${padded.slice(shift)}`;
}

/** A whole number that orders numbers by value: every number DynamoDB holds is one at this scale. */
export function scaled(text) {
  const { negative, digits, exponent } = parseNumber(text);
  const value = BigInt(digits || "0") * 10n ** (exponent + 200n);
  return negative ? -value : value;
}
