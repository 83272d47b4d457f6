// JSON text as a logical value and back. Numbers keep their text, which JSON.parse would not.
import { byBytes } from "./forms.mjs";
import { refuse } from "./refusal.mjs";

const TOKEN = /[ \t\n\r]*(?:([[\]{},:])|("(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))[ \t\n\r]*/y;

/** The logical value of one JSON text. */
export function parseJSON(text) {
  const tokens = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const token = TOKEN.exec(text);
    if (token === null) refuse("ErrInvalidValue");
    tokens.push(token);
  }
  const value = readValue(tokens);
  return tokens.length === 0 ? value : refuse("ErrInvalidValue");
}

function take(tokens, mark) {
  return tokens.shift()?.[1] === mark || refuse("ErrInvalidValue");
}

const sees = (tokens, mark) => tokens[0]?.[1] === mark;

function readValue(tokens) {
  const [, mark, text, number, word] = tokens.shift() ?? refuse("ErrInvalidValue");
  if (text !== undefined) return { text: JSON.parse(text) };
  if (number !== undefined) return { json_number: number };
  if (word !== undefined) return word === "null" ? { null: true } : { bool: word === "true" };
  if (mark === "[") return { list: readUntil(tokens, "]", () => readValue(tokens)) };
  if (mark === "{") return { map: Object.fromEntries(readUntil(tokens, "}", () => readMember(tokens))) };
  return refuse("ErrInvalidValue");
}

function readMember(tokens) {
  const name = tokens.shift()?.[2] ?? refuse("ErrInvalidValue");
  take(tokens, ":");
  return [JSON.parse(name), readValue(tokens)];
}

function readUntil(tokens, mark, read) {
  const found = [];
  while (found.length > 0 ? !sees(tokens, mark) && take(tokens, ",") : !sees(tokens, mark)) found.push(read());
  tokens.shift();
  return found;
}

/** Canonical JSON text of a logical value whose texts are UTF-8: sorted names, no blanks. */
export function jsonText(value) {
  const [[kind, x]] = Object.entries(value);
  if (kind === "list") return `[${x.map(jsonText).join(",")}]`;
  if (kind === "map") {
    const names = Object.keys(x).sort(byBytes);
    return `{${names.map((name) => `${JSON.stringify(name)}:${jsonText(x[name])}`).join(",")}}`;
  }
  if (kind === "json_number") return x;
  if (kind === "null") return "null";
  return kind === "text" || kind === "bool" ? JSON.stringify(x) : refuse("ErrInvalidValue");
}
