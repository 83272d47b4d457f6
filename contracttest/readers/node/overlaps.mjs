// Whether two templates can give one key: the languages of their segments, as automata, have a text in common.
import { isStoredTime } from "./times.mjs";
import { WHOLE, shardWidth } from "./templates.mjs";

// An automaton has states that are texts: start, step(state, character), which gives null where nothing follows, and
// isEnd(state).

/** Texts with one of some characters at each place. */
function places(sets) {
  return {
    start: "0",
    step: (state, c) => (Number(state) < sets.length && sets[state].includes(c) ? String(Number(state) + 1) : null),
    isEnd: (state) => Number(state) === sets.length,
  };
}

/** The digits up to one; of what is no digit just that. */
const digitsUpTo = (c) => (c >= "0" && c <= "9" ? "0123456789".slice(0, Number(c) + 1) : c);

/** Numbers of as many digits as the greatest has, of which the first alone is bounded. */
const asWideAs = (greatest) => places([...greatest].map((c, i) => digitsUpTo(i === 0 ? c : "9")));

/** Numbers of as many digits up to the greatest. A state is the place, and "=" as long as all digits are the greatest's. */
function upTo(greatest) {
  return {
    start: "0=",
    step(state, c) {
      const place = parseInt(state, 10);
      const tight = state.endsWith("=");
      if (place === greatest.length || c < "0" || c > "9" || (tight && c > greatest[place])) return null;
      return `${place + 1}${tight && c === greatest[place] ? "=" : "<"}`;
    },
    isEnd: (state) => parseInt(state, 10) === greatest.length,
  };
}

/** One or more encoded characters, without A-Z but in escapes where it is lowered. */
function encodedText(isLower) {
  return {
    start: "",
    step(state, c) {
      if (state.startsWith("%")) {
        if (state === "%") return "012".includes(c) ? `%${c}` : null;
        return "012345".includes(c) || (state !== "%2" && "6789ABCDEF".includes(c)) ? "more" : null;
      }
      if (c === "%") return "%";
      return c < "&" || (isLower && c >= "A" && c <= "Z") ? null : "more";
    },
    isEnd: (state) => state === "more",
  };
}

/** A text in front of an automaton. */
function behind(literal, rest) {
  const enter = (i) => (i === literal.length ? `>${rest.start}` : `${i}`);
  return {
    start: enter(0),
    step(state, c) {
      if (!state.startsWith(">")) return literal[state] === c ? enter(Number(state) + 1) : null;
      const next = rest.step(state.slice(1), c);
      return next === null ? null : `>${next}`;
    },
    isEnd: (state) => state.startsWith(">") && rest.isEnd(state.slice(1)),
  };
}

const NOTHING = places([]);
const LATEST = "9999-19-39T29:59:59.999999999Z"; // each place of a time by itself

/** What a component gives behind its literal; against a literal its numbers are those that there are. */
function body(c, isAgainstLiteral) {
  const numbers = isAgainstLiteral ? upTo : asWideAs;
  if (c.hash) return places(Array(64).fill("0123456789abcdef"));
  if (c.shard) return numbers(String(c.shard - 1));
  if (c.int) return numbers(String(2n ** 64n - 1n));
  if (c.pad) {
    const most = 10n ** BigInt(c.pad) - 1n;
    const greatest = most < WHOLE[c.type][1] ? most : WHOLE[c.type][1];
    return numbers(String(greatest).padStart(c.pad, "0"));
  }
  if (c.type !== "time") return encodedText(c.lower);
  const latest = c.ms ? `${LATEST.slice(0, 23)}Z` : LATEST;
  return places([...(c.lower ? latest.toLowerCase() : latest)].map(digitsUpTo));
}

const language = (segment, other) => behind(segment.literal, segment.attribute ? body(segment, !other.attribute) : NOTHING);

function haveTextInCommon(a, b) {
  const seen = new Set();
  const open = [[a.start, b.start]];
  while (open.length > 0) {
    const [x, y] = open.pop();
    if (a.isEnd(x) && b.isEnd(y)) return true;
    if (seen.has(`${x} ${y}`)) continue;
    seen.add(`${x} ${y}`);
    for (let code = 0x25; code < 0x7f; code++) {
      const c = String.fromCharCode(code);
      const next = [a.step(x, c), b.step(y, c)];
      if (next[0] !== null && next[1] !== null) open.push(next);
    }
  }
  return false;
}

/** Whether a time component, whose form says less than the calendar, can give a literal text. */
function isPossibleTime(component, segment) {
  if (component.type !== "time" || component.hash || component.shard || segment.attribute) return true;
  return isStoredTime(segment.literal.slice(component.literal.length).toUpperCase(), component.ms ? 3 : 9);
}

export function overlap(a, b) {
  return a.length === b.length && a.every((s, i) =>
    haveTextInCommon(language(s, b[i]), language(b[i], s)) && isPossibleTime(s, b[i]) && isPossibleTime(b[i], s));
}
