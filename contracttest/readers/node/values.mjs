// values.json: how logical values are stored, and what stored values read as.
import { byBytes, compact, fromBase64, fromHex, members, single, utf8 } from "./forms.mjs";
import { jsonText, parseJSON } from "./jsontext.mjs";
import { plainNumber, scaled } from "./numbers.mjs";
import { UnknownForm, refuse } from "./refusal.mjs";
import { WHOLE } from "./templates.mjs";
import { parseTime, timeText } from "./times.mjs";

const INVALID = "ErrInvalidValue";
const MEMBER = { SS: "S", NS: "N", BS: "B" };
const RANGE = { ...WHOLE, unix_seconds: WHOLE.int };

/** What an attribute is declared as: its type, or the format that says more. */
function formOf(attribute) {
  members(attribute, ["type", "format?", "required?", "omit_empty?", "json?", "roles?"]);
  const form = attribute.format ? `${attribute.type} ${attribute.format}` : attribute.json ? `${attribute.type} json` : attribute.type;
  if (!Object.hasOwn(codecs, form)) throw new UnknownForm(`an attribute that is ${form}`);
  return codecs[form];
}

/** A logical value whose texts are UTF-8. */
function checked(value) {
  const [kind, x] = single(value);
  if (kind === "text_hex") return { text: utf8(fromHex(x)) };
  if (kind === "list") return { list: x.map(checked) };
  if (kind === "map") return { map: Object.fromEntries(Object.entries(x).map(([name, e]) => [name, checked(e)])) };
  return value;
}

/** The shortest plain form of the float of 64 bits that is nearest. */
const floatText = (x) => plainNumber(String(Number(x)));

const isZero = (value) => "zero_time" in value || timeText(parseTime(value.time)) === "0001-01-01T00:00:00.000000000Z";

/** The stored form of a time; null for a zero one, which may be written out. */
const storedTime = (value) => (isZero(value) ? null : { S: timeText(parseTime(value.time)) });

const isTime = (value) => "time" in value || "zero_time" in value;

/** The stored form of a value by its own kind, as in lists and maps. */
function dynamic(value) {
  const [kind, x] = single(value);
  switch (kind) {
    case "text": return { S: x };
    case "int": case "decimal": return { N: plainNumber(x) };
    case "float": return { N: floatText(x) };
    case "bool": return { BOOL: x };
    case "hex": return { B: fromHex(x).toString("base64") };
    case "time": case "zero_time": return storedTime(value) ?? { NULL: true };
    case "null": return { NULL: true };
    case "list": return { L: x.map(dynamic) };
    case "map": return Object.hasOwn(x, "") ? refuse(INVALID) : { M: Object.fromEntries(Object.entries(x).map(([n, e]) => [n, dynamic(e)])) };
    default: throw new UnknownForm(`a value of kind ${kind}`);
  }
}

/** The logical value of a stored one by its own type. */
function loose(stored) {
  const [type, x] = single(stored);
  switch (type) {
    case "S": return { text: x };
    case "N": return { decimal: plainNumber(x) };
    case "BOOL": return { bool: x };
    case "B": return { hex: fromBase64(x).toString("hex") };
    case "NULL": return { null: true };
    case "SS": case "NS": case "BS": return { list: orders[type](x).map((e) => loose({ [MEMBER[type]]: e })) };
    case "L": return { list: x.map(loose) };
    case "M": return { map: Object.fromEntries(Object.entries(x).map(([n, e]) => [n, loose(e)])) };
    default: throw new UnknownForm(`a stored value of type ${type}`);
  }
}

// The members of sets, each once, as they are stored.
const once = (list) => list.filter((x, i) => i === 0 || x !== list[i - 1]);
const orders = {
  SS: (list) => once([...list].sort(byBytes)),
  NS: (list) => once(list.map(plainNumber).sort((a, b) => (scaled(a) < scaled(b) ? -1 : scaled(a) > scaled(b) ? 1 : 0))),
  BS: (list) => once(list.map(fromBase64).sort(Buffer.compare).map((b) => b.toString("base64"))),
};

const plainOf = (kind, text) => (kind === "float" ? floatText(text) : plainNumber(text));

const given = (value, kind) => (single(value)[0] === kind ? single(value)[1] : refuse(INVALID));

/** The codec of a type whose values are stored by their own kind. */
const ofType = (type, isEmpty) => ({
  write: (value) => (type in dynamic(value) && !isTime(value) ? dynamic(value) : refuse(INVALID)), // times have a format of their own
  read: (stored) => (type in stored ? loose(stored) : refuse(INVALID)),
  isEmpty: (stored) => isEmpty(stored[type]),
});

const number = (text, name = "decimal") => ({
  write: (value) => ({ N: text(value) }),
  read: (stored) => ({ [name]: plainOf(name, plainNumber(stored.N ?? refuse(INVALID))) }),
  isEmpty: (stored) => stored.N === "0",
});

function whole(format) {
  const inRange = (text) => (/^-?\d+$/.test(text) && BigInt(text) >= RANGE[format][0] && BigInt(text) <= RANGE[format][1] ? String(BigInt(text)) : refuse(INVALID));
  const seconds = (value) => (format === "unix_seconds" && "time" in value && !isZero(value) ? String(parseTime(value.time)[0]) : inRange(given(value, "int")));
  const codec = number(seconds, "int");
  return { ...codec, read: (stored) => ({ int: inRange(codec.read(stored).int) }) };
}

const set = (type) => ({
  write(value) {
    const list = orders[type](given(value, "list").map((e) => (isTime(e) ? refuse(INVALID) : dynamic(e)[MEMBER[type]] ?? refuse(INVALID))));
    return list.length === 0 ? null : { [type]: list };
  },
  read: (stored) => (type in stored ? loose(stored) : refuse(INVALID)),
  isEmpty: () => false,
  hasNull: true,
});

const codecs = {
  S: ofType("S", (x) => x === ""),
  "S json": {
    write: (value) => ({ S: jsonText(value) }),
    read: (stored) => parseJSON(stored.S ?? refuse(INVALID)),
    isEmpty: () => false,
    hasNull: true,
  },
  "S rfc3339nano": {
    write: (value) => (isTime(value) ? storedTime(value) : refuse(INVALID)),
    read: (stored) => ({ time: timeText(parseTime(stored.S ?? refuse(INVALID))) }),
    isEmpty: () => false,
  },
  N: number((value) => plainNumber(given(value, "decimal"))),
  "N int": whole("int"),
  "N uint": whole("uint"),
  "N unix_seconds": whole("unix_seconds"),
  "N float": number((value) => floatText(given(value, "float")), "float"),
  BOOL: ofType("BOOL", (x) => !x),
  B: { ...ofType("B", (x) => x === ""), hasNull: true },
  L: { ...ofType("L", (x) => x.length === 0), hasNull: true },
  M: { ...ofType("M", (x) => Object.keys(x).length === 0), hasNull: true },
  SS: set("SS"),
  NS: set("NS"),
  BS: set("BS"),
};

/** The stored form; null where the attribute is absent. */
function write(attribute, value) {
  const codec = formOf(attribute);
  const stored = "null" in value ? null : codec.write(checked(value));
  const isEmpty = stored === null || codec.isEmpty(stored);
  if (isEmpty && attribute.required) refuse(INVALID);
  return isEmpty && attribute.omit_empty ? null : stored;
}

/** The logical value of what is stored. */
function read(attribute, stored) {
  const codec = formOf(attribute);
  if (stored === null) return attribute.required ? refuse(INVALID) : { null: true };
  const [type, x] = single(stored);
  if (type === "NULL" && codec.hasNull) return { null: true };
  if (type === "S_hex") return codec.read({ S: utf8(fromHex(x)) });
  return codec.read(stored);
}

/** A value in the form that verdicts have: numbers plain, times as they are stored. */
function normal(value) {
  const [kind, x] = single(value);
  if (kind === "float" || kind === "decimal") return { [kind]: plainOf(kind, x) };
  if (kind === "time") return { time: timeText(parseTime(x)) };
  if (kind === "list") return { list: x.map(normal) };
  if (kind === "map") return { map: Object.fromEntries(Object.entries(x).map(([n, e]) => [n, normal(e)])) };
  return value;
}

function checkWrite(v) {
  const stored = write(v.attribute, v.value);
  const again = write(v.attribute, read(v.attribute, stored));
  return compact(again) === compact(stored) ? { stored } : { stored, again };
}

export const kinds = () => ({
  writes: { given: ["name", "attribute", "value"], expected: ["stored"], check: checkWrite },
  reads: { given: ["name", "attribute", "stored"], expected: ["value"], normal, check: (v) => ({ value: read(v.attribute, v.stored) }) },
});
