// The grammar of key templates.
import { refuse } from "./refusal.mjs";

export const WHOLE = { int: [-(2n ** 63n), 2n ** 63n - 1n], uint: [0n, 2n ** 64n - 1n] };

// Modifiers in the order in which they may stand: one of each step at most.
const STEPS = [["pad", "int", "ms"], ["lower"], ["hash", "shard"]];
const ARGUMENTS = { pad: [1, 20], shard: [2, 10000] };

/** The segments of a template: {literal} or {literal, attribute, type, and its modifiers}. */
export function parseTemplate(text, types) {
  return text.split("#").map((segment) => parseSegment(segment, types));
}

function parseSegment(segment, types) {
  const parts = /^([A-Za-z0-9_\-.:@/+=]*)(?:\{([^{}]*)\})?$/.exec(segment);
  if (parts === null || segment === "") refuse("ErrInvalidTag");
  const [, literal, inside] = parts;
  if (inside === undefined) return { literal };
  const [attribute, ...modifiers] = inside.split("|");
  if (!Object.hasOwn(types, attribute)) refuse(attribute === "" ? "ErrInvalidTag" : "ErrInvalidModel");
  const component = { literal, attribute, type: types[attribute] };
  let step = -1;
  for (const modifier of modifiers) {
    const [, word, argument] = /^([a-z]*)(?::(.*))?$/.exec(modifier) ?? refuse("ErrInvalidTag");
    const at = STEPS.findIndex((words) => words.includes(word));
    if (at <= step) refuse("ErrInvalidTag"); // unknown words are at -1
    step = at;
    component[word] = argumentOf(word, argument);
  }
  const whole = component.type in WHOLE;
  if (whole !== ("pad" in component || "int" in component)) refuse("ErrInvalidTag");
  if ("ms" in component && component.type !== "time") refuse("ErrInvalidTag");
  return component;
}

function argumentOf(word, argument) {
  if (!(word in ARGUMENTS)) return argument === undefined ? true : refuse("ErrInvalidTag");
  const [least, most] = ARGUMENTS[word];
  if (!/^[1-9]\d{0,4}$/.test(argument ?? "") || Number(argument) < least || Number(argument) > most) refuse("ErrInvalidTag");
  return Number(argument);
}

/** Whether a component maps two values to one. */
export const isLossy = (c) => Boolean(c.ms || c.lower || c.hash || c.shard);

/** How many digits the shards of a component have. */
export const shardWidth = (c) => String(c.shard - 1).length;
