// names.json: names of attributes and of key attributes.
import { refuse } from "./refusal.mjs";

// A run of capitals that is one word: the last of several is left to the next word when a small letter follows that is
// no plural s.
const RUN = /^(?:\p{Lu}+(?=\p{Lu}(?!s(?!\p{Ll}))\p{Ll})|\p{Lu}+)/u;

/** Each letter by itself and to one letter: no final sigma, no dot behind the i of U+0130. */
const lowered = (text) => [...text].map((letter) => [...letter.toLowerCase()][0]).join("");

export function camelCase(field) {
  return field.replace(RUN, lowered);
}

export function snakeCase(field) {
  const words = [];
  for (let rest = field; rest !== ""; ) {
    const run = RUN.exec(rest)?.[0] ?? "";
    const cut = run !== "" && /^\p{Lu}/u.test(rest.slice(run.length)); // a word of capitals alone, another behind it
    const word = cut ? run : run + /^[^\p{Lu}_]*/u.exec(rest.slice(run.length))[0];
    if (word !== "") words.push(lowered(word));
    rest = rest.slice(word.length || 1);
  }
  return words.join("_");
}

const indexPrefix = (index) => index.replace(/[^A-Za-z0-9]/g, "").toUpperCase();

function roleName(v) {
  const taken = ["PK", "SK"];
  if (v.index !== undefined) taken.push(`${indexPrefix(v.index)}PK`, `${indexPrefix(v.index)}SK`);
  return taken.find((name) => name.toLowerCase() === v.field.toLowerCase()) ?? camelCase(v.field);
}

function checkClash(v) {
  if (indexPrefix(v.indexes[0]) === indexPrefix(v.indexes[1])) refuse("ErrInvalidModel");
  return {};
}

export const kinds = () => ({
  attributes: { given: ["field"], expected: ["camelCase", "snake_case"], check: (v) => ({ camelCase: camelCase(v.field), snake_case: snakeCase(v.field) }) },
  roles: { given: ["field", "role", "index?"], expected: ["name"], check: (v) => ({ name: roleName(v) }) },
  keys: { given: ["index"], expected: ["partition", "sort"], check: (v) => ({ partition: `${indexPrefix(v.index)}PK`, sort: `${indexPrefix(v.index)}SK` }) },
  clashes: { given: ["indexes"], stands: "indexes", error: "ErrInvalidModel", check: checkClash },
});
