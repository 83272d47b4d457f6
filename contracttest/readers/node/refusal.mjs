// What a reader answers where there is no output.

/** An input is refused, with a name that every runtime shares. */
export class Refusal extends Error {}

/** A vector has a form that this program does not know: it may not pass in silence. */
export class UnknownForm extends Error {}

/** Refuses with a name. */
export function refuse(name) {
  throw new Refusal(name);
}
