// Canonical bytes: the plaintext of sealed attributes.
import { byBytes, fromBase64, single, utf8 } from "./forms.mjs";
import { canonicalNumber, plainNumber } from "./numbers.mjs";
import { UnknownForm, refuse } from "./refusal.mjs";

const CODES = { S: "S", N: "N", B: "B", BOOL: "T", NULL: "Z", L: "L", M: "M", SS: "s", NS: "n", BS: "b" };
const TYPES = Object.fromEntries(Object.entries(CODES).map(([type, code]) => [code.charCodeAt(0), type]));
const DEEPEST = 32;
const MOST = 400 * 1024;

function uint32(n) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
}

/** Bytes behind their length. */
export const prefixed = (bytes) => Buffer.concat([uint32(bytes.length), bytes]);

const counted = (n, parts) => Buffer.concat([uint32(n), ...parts.map(prefixed)]);

/** The bytes of a value in DynamoDB JSON. */
export function encode(value, depth = 0) {
  const [type, x] = single(value);
  if (!Object.hasOwn(CODES, type)) throw new UnknownForm(`a value of type ${type}`);
  const inside = type === "L" || type === "M" ? depth + 1 : depth;
  if (inside > DEEPEST) refuse("ErrInvalidValue");
  const bytes = Buffer.concat([Buffer.from(CODES[type]), bodies[type](x, inside)]);
  return bytes.length > MOST ? refuse("ErrItemTooLarge") : bytes;
}

function set(member) {
  return (members) => {
    const sorted = members.map(member).sort(Buffer.compare);
    const once = sorted.filter((bytes, i) => i === 0 || !bytes.equals(sorted[i - 1]));
    return once.length === 0 ? refuse("ErrInvalidValue") : counted(once.length, once);
  };
}

const bodies = {
  S: (x) => Buffer.from(x),
  N: (x) => Buffer.from(canonicalNumber(x)),
  B: fromBase64,
  BOOL: (x) => Buffer.from([x ? 1 : 0]),
  NULL: (x) => (x === true ? Buffer.alloc(0) : refuse("ErrInvalidValue")),
  L: (x, depth) => counted(x.length, x.map((e) => encode(e, depth))),
  M(x, depth) {
    const names = Object.keys(x).sort(byBytes);
    if (names[0] === "") refuse("ErrInvalidValue");
    return counted(names.length, names.flatMap((name) => [Buffer.from(name), encode(x[name], depth)]));
  },
};
bodies.SS = set(bodies.S);
bodies.NS = set(bodies.N);
bodies.BS = set(bodies.B);

const malformed = () => refuse("ErrInvalidEncryptedEnvelope");

/** The value that bytes are of, as DynamoDB JSON: numbers plain, sets in the order of the bytes. */
export function decode(bytes, depth = 0) {
  const type = bytes.length > MOST ? undefined : TYPES[bytes[0]];
  if (type === undefined) malformed();
  const inside = type === "L" || type === "M" ? depth + 1 : depth;
  if (inside > DEEPEST) malformed();
  return { [type]: readers[type](bytes.subarray(1), inside) };
}

/** What stands behind a count, each part behind its length. */
function parts(body, each) {
  if (body.length < 4) malformed();
  const found = [];
  let rest = body.subarray(4);
  while (rest.length > 0) {
    if (rest.length < 4 || rest.length - 4 < rest.readUInt32BE()) malformed();
    const end = 4 + rest.readUInt32BE();
    found.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return found.length === body.readUInt32BE() * each ? found : malformed();
}

function ascending(keys) {
  keys.forEach((key, i) => i > 0 && Buffer.compare(keys[i - 1], key) >= 0 && malformed());
  return keys;
}

function readNumber(body) {
  const text = utf8(body, "ErrInvalidEncryptedEnvelope");
  return canonicalNumber(text, "ErrInvalidEncryptedEnvelope") === text ? plainNumber(text) : malformed();
}

const readSet = (member) => (body) => {
  const members = ascending(parts(body, 1));
  return members.length === 0 ? malformed() : members.map(member);
};

const readers = {
  S: (body) => utf8(body, "ErrInvalidEncryptedEnvelope"),
  N: readNumber,
  B: (body) => body.toString("base64"),
  BOOL: (body) => (body.length === 1 && body[0] < 2 ? body[0] === 1 : malformed()),
  NULL: (body) => body.length === 0 || malformed(),
  L: (body, depth) => parts(body, 1).map((part) => decode(part, depth)),
  M(body, depth) {
    const all = parts(body, 2);
    const names = all.filter((_, i) => i % 2 === 0);
    ascending([Buffer.alloc(0), ...names]);
    // An assignment would take the name __proto__ for another thing.
    return Object.fromEntries(names.map((name, i) => [readers.S(name), decode(all[2 * i + 1], depth)]));
  },
};
readers.SS = readSet(readers.S);
readers.NS = readSet(readers.N);
readers.BS = readSet(readers.B);
