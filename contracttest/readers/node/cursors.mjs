// cursors.json: canonical queries, and cursors, plain and sealed.
import { createHash } from "node:crypto";
import { decrypt, encrypt } from "./envelopes.mjs";
import { bytesOf, compact, fromBase64, fromHex, isObject, single, utf8 } from "./forms.mjs";
import { scaled } from "./numbers.mjs";
import { UnknownForm, refuse } from "./refusal.mjs";

const BAD = "ErrInvalidCursor";
const LONGEST = 65536;

const digest = (canonical) => createHash("sha256").update(canonical).digest("hex").slice(0, 16);
const boundTo = (members) => Buffer.from(`theorydb cursor 1\0${members.table}`);

/** The key attributes that a cursor of a query holds, by name: type and most bytes; and which of them the query is on. */
function keyOf(query, models) {
  const model = models[query.model];
  const sources = [model.keys, ...(model.indexes ?? []).filter((x) => x.name === query.index)];
  const attributes = new Map();
  for (const source of sources) {
    for (const [half, most] of [["partition", 2048], ["sort", 1024]]) {
      const key = source[half];
      if (key && !attributes.has(key.attribute)) attributes.set(key.attribute, { type: key.type, most });
    }
  }
  const { partition, sort } = sources.at(-1);
  return { attributes, partition: partition.attribute, sort: sort?.attribute };
}

function contentOf(members, lastKey) {
  const index = members.index === undefined ? {} : { index: members.index };
  return compact({ ...index, lastKey, q: digest(compact(members)) });
}

/** Compares key values of one type as DynamoDB orders them; what is no such value is refused. */
function compare(a, b) {
  const [[type, x], [other, y]] = [single(a), single(b)];
  if (type !== other) refuse(BAD);
  if (type === "N") {
    const [m, n] = [scaled(x), scaled(y)];
    return m < n ? -1 : m > n ? 1 : 0;
  }
  return Buffer.compare(keyBytes(type, x), keyBytes(type, y));
}

const keyBytes = (type, x) => (type === "B" ? fromBase64(x) : Buffer.from(x));

const ranges = {
  "": () => true,
  "=": (key, low) => compare(key, low) === 0,
  "<": (key, low) => compare(key, low) < 0,
  "<=": (key, low) => compare(key, low) <= 0,
  ">": (key, low) => compare(key, low) > 0,
  ">=": (key, low) => compare(key, low) >= 0,
  BETWEEN: (key, low, high) => compare(key, low) >= 0 && compare(key, high) <= 0,
  begins_with: (key, low) => keyBytes(...single(key)).indexOf(keyBytes(...single(low))) === 0,
};

/** The key behind which a cursor begins. */
function resume({ query, key }, text, cursorKey) {
  const { members } = query;
  const parsed = parseContent(unseal(text, cursorKey, boundTo(members)));
  if (parsed.q !== digest(compact(members)) || parsed.index !== members.index) refuse(BAD);
  const last = parsed.lastKey;
  if (!isObject(last) || Object.keys(last).length !== key.attributes.size) refuse(BAD);
  for (const [name, { type, most }] of key.attributes) checkKeyValue(last[name], type, most);
  if (compare(last[key.partition], members.partition) !== 0) refuse(BAD);
  const [operator, low, high] = members.sort;
  if (key.sort && !ranges[operator](last[key.sort], low, high)) refuse(BAD);
  return last;
}

function checkKeyValue(value, type, most) {
  if (!isObject(value) || Object.keys(value).join() !== type || typeof value[type] !== "string") refuse(BAD);
  try {
    compare(value, value);
  } catch {
    refuse(BAD);
  }
  const { length } = keyBytes(type, value[type]);
  if (length === 0 || length > most) refuse(BAD);
}

/** What a cursor encodes. */
function unseal(text, cursorKey, bound) {
  const data = Buffer.from(text, "base64url");
  if (text === "" || text.length > LONGEST || data.toString("base64url") !== text) refuse(BAD);
  if (cursorKey === undefined) return data;
  return decrypt(cursorKey, paddedNonce(data), data.subarray(12), bound) ?? refuse(BAD);
}

/** The nonce of sealed data; data that is too short for one is refused later, with its tag. */
const paddedNonce = (data) => Buffer.concat([data, Buffer.alloc(12)]).subarray(0, 12);

function parseContent(bytes) {
  const text = utf8(bytes, BAD);
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch {
    refuse(BAD);
  }
  // Half a surrogate pair is no text, though JSON.stringify writes it back as it was.
  if (compact(parsed) !== text || /\\ud[89a-f]/.test(text)) refuse(BAD);
  if (!isObject(parsed) || !["lastKey,q", "index,lastKey,q"].includes(Object.keys(parsed).join())) refuse(BAD);
  return parsed;
}

function checkQuery(models, v) {
  const model = models[v.model];
  const { partition, sort, ...rest } = v.members;
  const asked = { descending: v.descending ?? false, entity: model.name, filter: v.filter ?? null, table: model.table?.name ?? v.table };
  if (v.index !== undefined) asked.index = v.index;
  if (v.scope !== undefined) asked.scope = v.scope.join("#");
  if (compact(asked) !== compact(rest) || !partition || !sort) throw new UnknownForm("members that do not say what is asked");
  const canonical = compact(v.members);
  return { canonical, q: digest(canonical) };
}

function checkCursor(asked, v) {
  const { members } = asked.query;
  const cursorKey = v.cursor_key === undefined ? undefined : fromHex(v.cursor_key);
  const content = contentOf(members, v.last_key);
  if (compact(resume(asked, v.cursor, cursorKey)) !== compact(v.last_key)) throw new UnknownForm("a cursor that resumes elsewhere");
  let data = Buffer.from(content);
  if (cursorKey !== undefined) {
    const nonce = fromHex(v.nonce);
    data = Buffer.concat([nonce, encrypt(cursorKey, nonce, data, boundTo(members))]);
  }
  return { content, cursor: data.toString("base64url") };
}

function checkRefusal(asked, v) {
  return { last_key: resume(asked, bytesOf(v.cursor).toString(), v.cursor_key === undefined ? undefined : fromHex(v.cursor_key)) };
}

/** Members of the file that are no vectors. */
export const beside = ["models"];

export function kinds({ models, queries }) {
  const asked = new Map(queries.map((query) => [query.name, { query, key: keyOf(query, models) }]));
  const of = (v) => asked.get(v.query) ?? (() => { throw new UnknownForm(`no query ${v.query}`); })();
  return {
    queries: {
      given: ["name", "model", "table", "scope?", "key", "index?", "sort?", "filter?", "descending?", "shard?", "members"],
      expected: ["canonical", "q"],
      check: (v) => checkQuery(models, v),
    },
    cursors: { given: ["name", "query", "last_key", "record?"], expected: ["content", "cursor"], check: (v) => checkCursor(of(v), v) },
    sealed: { given: ["name", "query", "cursor_key", "nonce", "last_key"], expected: ["content", "cursor"], check: (v) => checkCursor(of(v), v) },
    refusals: { given: ["name", "query", "cursor_key?", "cursor"], check: (v) => checkRefusal(of(v), v) },
  };
}
