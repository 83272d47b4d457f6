// envelopes.json: numbers and values as canonical bytes, and attributes that are sealed.
import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from "node:crypto";
import { decode, encode, prefixed } from "./canonical.mjs";
import { fromBase64, fromHex, members, single } from "./forms.mjs";
import { canonicalNumber } from "./numbers.mjs";
import { UnknownForm, refuse } from "./refusal.mjs";

const selector = (keyID) => createHash("sha256").update(`theorydb/kid\0${keyID}`).digest("hex").slice(0, 16);

const keyForms = { S: (x) => Buffer.from(x), N: (x) => Buffer.from(canonicalNumber(x)), B: fromBase64 };

function keyBytes(key) {
  members(key, ["name", "value"]);
  const [type, x] = single(key.value);
  if (!Object.hasOwn(keyForms, type)) throw new UnknownForm(`a key of type ${type}`);
  return Buffer.concat([prefixed(Buffer.from(key.name)), Buffer.from(type), prefixed(keyForms[type](x))]);
}

function contextBytes(context) {
  members(context, ["table", "entity", "scope", "attribute", "pk", "sk?"]);
  const names = [context.table, context.entity, context.scope, context.attribute];
  const sort = context.sk === undefined ? [Buffer.from([0])] : [Buffer.from([1]), keyBytes(context.sk)];
  return Buffer.concat([Buffer.from("theorydb/enc/v2\0\x01"), ...names.map((name) => prefixed(Buffer.from(name))), keyBytes(context.pk), ...sort]);
}

/** HKDF-SHA256 of RFC 5869 without salt, 64 bytes. Node's own takes no more than 1,024 bytes of info. */
function hkdf64(secret, info) {
  const hmac = (key, ...data) => data.reduce((h, d) => h.update(d), createHmac("sha256", key)).digest();
  const extracted = hmac(Buffer.alloc(32), secret);
  const first = hmac(extracted, info, Buffer.from([1]));
  return [first, hmac(extracted, first, info, Buffer.from([2]))];
}

/** AES-256-GCM with the tag behind the ciphertext. */
export function encrypt(key, nonce, plaintext, bound) {
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The way back; null where it is not authentic. */
export function decrypt(key, nonce, sealed, bound) {
  if (sealed.length < 16) return null;
  const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 }).setAAD(bound).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  } catch {
    return null;
  }
}

/** The plaintext of the parts, authentic but not yet taken for a value. */
function open(dataKey, context, parts) {
  const [key, commitment] = hkdf64(dataKey, context);
  const [kc, ct] = [fromHex(parts.kc), fromHex(parts.ct)];
  if (kc.length !== 32 || !timingSafeEqual(kc, commitment) || ct.length < 17) refuse("ErrDecryptAuth");
  return decrypt(key, fromHex(parts.nonce), ct, context) ?? refuse("ErrDecryptAuth");
}

function checkParts(parts) {
  members(parts, ["k", "edk", "kc", "nonce", "ct"]);
}

function checkEnvelope(v) {
  checkParts(v.parts);
  const context = contextBytes(v.context);
  const plaintext = encode(v.value);
  const [key, commitment] = hkdf64(fromHex(v.data_key), context);
  const opened = open(fromHex(v.data_key), context, v.parts);
  if (!encode(decode(opened)).equals(plaintext)) throw new UnknownForm("what was opened is another value");
  return {
    context_bytes: context.toString("hex"),
    plaintext: opened.toString("hex"),
    "parts.k": selector(v.key_id),
    "parts.kc": commitment.toString("hex"),
    "parts.ct": encrypt(key, fromHex(v.parts.nonce), plaintext, context).toString("hex"),
  };
}

function checkRefusal(v) {
  checkParts(v.parts);
  return { value: decode(open(fromHex(v.data_key), contextBytes(v.context), v.parts)) };
}

function checkValue(v) {
  const bytes = encode(v.value).toString("hex");
  const again = encode(decode(fromHex(v.bytes))).toString("hex");
  return { bytes: bytes === v.bytes ? again : bytes };
}

const INVALID = "ErrInvalidValue";

export const kinds = () => ({
  selectors: { given: ["key_id"], expected: ["selector"], check: (v) => ({ selector: selector(v.key_id) }) },
  numbers: { given: ["text"], expected: ["number"], check: (v) => ({ number: canonicalNumber(v.text) }) },
  refused_numbers: { given: ["text"], stands: "text", error: INVALID, check: (v) => ({ number: canonicalNumber(v.text) }) },
  values: { given: ["value"], expected: ["bytes"], check: checkValue },
  refused_values: { given: ["name", "value"], error: INVALID, check: (v) => ({ bytes: encode(v.value).toString("hex") }) },
  refused_bytes: { given: ["name", "bytes"], error: "ErrInvalidEncryptedEnvelope", check: (v) => ({ value: decode(fromHex(v.bytes)) }) },
  envelopes: {
    given: ["name", "data_key", "key_id", "context", "value"],
    expected: ["context_bytes", "plaintext", "parts.k", "parts.kc", "parts.ct"],
    check: checkEnvelope,
  },
  refusals: { given: ["name", "data_key", "context", "parts"], check: checkRefusal },
});
