// One vector: what is expected of it, what comes of it, and how it is spoiled.
import { isObject, members } from "./forms.mjs";
import { Refusal } from "./refusal.mjs";

/** A vector with all that its kind implies, and without members that are not known. */
export function vectorOf(kind, entry) {
  const vector = kind.stands ? { [kind.stands]: entry } : isObject(entry) ? { ...entry } : entry;
  if (kind.error) vector.error = kind.error;
  const answers = isObject(vector) && "error" in vector ? ["error"] : (kind.expected ?? ["error"]).map((name) => name.split(".")[0]);
  members(vector, [...kind.given, ...answers]);
  return vector;
}

/** What this program makes of a vector. */
export function outcomeOf(kind, vector) {
  try {
    return { gives: kind.check(vector) };
  } catch (problem) {
    if (problem instanceof Refusal) return { refused: problem.message };
    throw problem;
  }
}

const at = (vector, path) => path.split(".").reduce((value, name) => value[name], vector);

export function expectedOf(kind, vector) {
  if ("error" in vector) return { refused: vector.error };
  return { gives: Object.fromEntries(kind.expected.map((name) => [name, inNormalForm(kind, at(vector, name))])) };
}

function inNormalForm(kind, value) {
  try {
    return kind.normal ? kind.normal(value) : value;
  } catch {
    return value; // only a spoiled value has no normal form
  }
}

/** Pairs of a vector and what is now wrongly expected of it, one for each expectation. */
export function spoiled(kind, vector) {
  if ("error" in vector) return [[vector, { gives: {} }]];
  if (kind.expected.length === 0) return [[vector, { refused: "ErrInvalidValue" }]];
  return kind.expected.map((path) => {
    const changed = structuredClone(vector);
    const names = path.split(".");
    const last = names.pop();
    const parent = names.reduce((value, name) => value[name], changed);
    parent[last] = other(parent[last]);
    return [changed, expectedOf(kind, changed)];
  });
}

/** A value with one character changed, or as little as that where there is none. */
function other(value) {
  if (typeof value === "boolean") return !value;
  if (typeof value === "string") {
    const characters = [...value];
    return [...characters.slice(0, -1), characters.at(-1) === "0" ? "1" : "0"].join("");
  }
  if (value === null) return { S: "0" };
  if (Array.isArray(value)) return value.length === 0 ? ["0"] : [other(value[0]), ...value.slice(1)];
  const first = Object.keys(value).sort()[0];
  return first === undefined ? { 0: "0" } : { ...value, [first]: other(value[first]) };
}
