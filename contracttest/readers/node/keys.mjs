// keys.json: the codec, rendering and parsing of keys, and templates.
import { createHash } from "node:crypto";
import { bytesOf, utf8 } from "./forms.mjs";
import { decodeText, encodeText } from "./keytext.mjs";
import { overlap } from "./overlaps.mjs";
import { UnknownForm, refuse } from "./refusal.mjs";
import { WHOLE, isLossy, parseTemplate, shardWidth } from "./templates.mjs";
import { isStoredTime } from "./times.mjs";

const USUAL = { a: "text", b: "text", n: "int", u: "uint", at: "time" };
const MOST = { partition: 2048, sort: 1024 };
const MISMATCH = "ErrTypeMismatch";

const asciiLower = (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase());

/** The text of a component as it stands in a key, before it is encoded. */
function textOf(c, bytes) {
  if (bytes.length === 0) refuse("ErrKeyIncomplete");
  let text = utf8(bytes);
  if (c.type in WHOLE) text = digitsOf(c, text);
  if (c.type === "time") {
    if (!isStoredTime(text)) refuse("ErrInvalidValue");
    if (c.ms) text = `${text.slice(0, 23)}Z`;
  }
  if (c.lower) text = asciiLower(text);
  const digest = createHash("sha256").update(text).digest();
  if (c.hash) return digest.toString("hex");
  if (c.shard) return String(digest.readBigUInt64BE() % BigInt(c.shard)).padStart(shardWidth(c), "0");
  return text;
}

function digitsOf(c, text) {
  if (!/^(0|-?[1-9]\d*)$/.test(text)) refuse("ErrInvalidValue");
  const number = BigInt(text);
  const [least, most] = WHOLE[c.type];
  if (number < least || number > most) refuse("ErrInvalidValue");
  if (c.int) return String(number - least).padStart(20, "0");
  if (number < 0n || String(number).length > c.pad) refuse("ErrInvalidValue");
  return String(number).padStart(c.pad, "0");
}

const renderSegment = (s, values) =>
  s.attribute ? Buffer.concat([Buffer.from(s.literal), encodeText(Buffer.from(textOf(s, bytesOf(values[s.attribute]))))]) : Buffer.from(s.literal);

function join(segments) {
  return Buffer.concat(segments.flatMap((s, i) => (i === 0 ? [s] : [Buffer.from("#"), s])));
}

const render = (template, values) => join(template.map((s) => renderSegment(s, values)));

function prefix(template, values) {
  const open = template.findIndex((s) => s.attribute && !Object.hasOwn(values, s.attribute));
  if (open < 0) return render(template, values);
  const decided = template.slice(0, open).map((s) => renderSegment(s, values));
  return join([...decided, Buffer.from(template[open].literal)]);
}

function parse(template, key) {
  const parts = key.toString("latin1").split("#"); // a character for each byte
  if (parts.length !== template.length) refuse(MISMATCH);
  const parsed = [];
  template.forEach((s, i) => {
    if (!parts[i].startsWith(s.literal)) refuse(MISMATCH);
    const rest = parts[i].slice(s.literal.length);
    if (!s.attribute) {
      if (rest !== "") refuse(MISMATCH);
      return;
    }
    const text = utf8(decodeText(Buffer.from(rest, "latin1")), MISMATCH);
    const value = valueOf(s, text);
    parsed.push(isLossy(s) ? "" : value);
  });
  return parsed;
}

/** The stored text that a component's text comes from, or that text itself where it is lost. */
function valueOf(c, text) {
  if (text === "") refuse(MISMATCH);
  if (c.hash) return /^[0-9a-f]{64}$/.test(text) ? text : refuse(MISMATCH);
  if (c.shard) return /^\d+$/.test(text) && text.length === shardWidth(c) && Number(text) < c.shard ? text : refuse(MISMATCH);
  if (c.type in WHOLE) return numberOf(c, text);
  if (c.lower && text !== asciiLower(text)) refuse(MISMATCH);
  if (c.type === "time" && !isStoredTime(c.lower ? text.toUpperCase() : text, c.ms ? 3 : 9)) refuse(MISMATCH);
  return text;
}

function numberOf(c, text) {
  if (!/^\d+$/.test(text) || text.length !== (c.pad ?? 20)) refuse(MISMATCH);
  const [least, most] = WHOLE[c.type];
  const number = BigInt(text) + (c.int ? least : 0n);
  return number > most ? refuse(MISMATCH) : String(number);
}

function templateOf(v) {
  for (const type of Object.values(v.types)) if (!Object.values(USUAL).includes(type)) throw new UnknownForm(`the type ${type}`);
  return parseTemplate(v.template, v.types);
}

function checkLength(v) {
  if (!(v.half in MOST)) throw new UnknownForm(`the half ${v.half}`);
  if (render(templateOf(v), v.values).length > MOST[v.half]) refuse("ErrKeyTooLong");
  return {};
}

function checkOverlap(v) {
  const [a, b] = [parseTemplate(v.a, USUAL), parseTemplate(v.b, USUAL)];
  if (overlap(a, b) !== overlap(b, a)) throw new UnknownForm("an overlap that is not mutual");
  return { overlap: overlap(a, b) };
}

const asked = ["template", "types", "values"];

// Of each kind: which members are given and which expected, what one of its vectors comes to; and what is implied by a
// vector of the kind, where it is no object the member that it stands for.
export const kinds = () => ({
  codec: { given: [], expected: ["text", "encoded"], check: (v) => ({ encoded: encodeText(bytesOf(v.text)).toString(), text: decodeText(Buffer.from(v.encoded)).toString() }) },
  refused_texts: { given: ["encoded"], stands: "encoded", error: MISMATCH, check: (v) => ({ text: decodeText(Buffer.from(v.encoded)).toString() }) },
  keys: { given: asked, expected: ["key", "parsed"], check: (v) => ({ key: render(templateOf(v), v.values).toString(), parsed: parse(templateOf(v), bytesOf(v.key)) }) },
  prefixes: { given: asked, expected: ["prefix"], check: (v) => ({ prefix: prefix(templateOf(v), v.values).toString() }) },
  lengths: { given: ["half", ...asked], expected: [], check: checkLength },
  refused_values: { given: asked, check: (v) => ({ key: render(templateOf(v), v.values).toString() }) },
  refused_keys: { given: ["template", "types", "key"], error: MISMATCH, check: (v) => ({ parsed: parse(templateOf(v), bytesOf(v.key)) }) },
  refused_templates: { given: ["template"], check: (v) => (parseTemplate(v.template, USUAL), {}) },
  overlaps: { given: ["a", "b"], expected: ["overlap"], check: checkOverlap },
});
