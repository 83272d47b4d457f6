// Checks the vectors of theorydb, a program of its own: see README.md in the folder above.
//
// usage: node main.mjs [-json | -spoil] [VECTORS]
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as cursors from "./cursors.mjs";
import * as envelopes from "./envelopes.mjs";
import { compact } from "./forms.mjs";
import * as keys from "./keys.mjs";
import * as names from "./names.mjs";
import { UnknownForm } from "./refusal.mjs";
import * as values from "./values.mjs";
import { expectedOf, outcomeOf, spoiled, vectorOf } from "./verdict.mjs";

const READ = { "cursors.json": cursors, "envelopes.json": envelopes, "keys.json": keys, "names.json": names, "values.json": values };
// What is in the folder and is for runtimes that compile models, which this program does not.
const NOT_READ = ["schemas.json", "identity"];
const NO_VECTORS = ["README.md", "vectors.go"];

function* verdicts(module, document, spoil) {
  const table = module.kinds(document);
  const known = ["format", ...(module.beside ?? []), ...Object.keys(table)];
  const odd = [...known.filter((name) => !(name in document)), ...Object.keys(document).filter((name) => !known.includes(name))];
  if (odd.length > 0) throw new UnknownForm(`members: ${odd.sort().join(", ")}`);
  for (const [name, kind] of Object.entries(table)) {
    for (const [index, entry] of document[name].entries()) {
      let tries = [];
      try {
        const vector = vectorOf(kind, entry);
        tries = spoil ? spoiled(kind, vector) : [[vector, expectedOf(kind, vector)]];
      } catch (problem) {
        yield { name, index, outcome: { unknown: problem.message }, agreed: false };
      }
      for (const [vector, expected] of tries) yield { name, index, ...judged(kind, vector, expected) };
    }
  }
}

function judged(kind, vector, expected) {
  try {
    const outcome = outcomeOf(kind, vector);
    return { outcome, agreed: compact(outcome) === compact(expected) };
  } catch (problem) {
    return { outcome: { unknown: problem.message }, agreed: false };
  }
}

/** Reads one file; gives how many vectors agreed and disagreed. */
function readFile(folder, file, mode, say) {
  if (!Object.hasOwn(READ, file)) throw new UnknownForm("a file of this name is not known");
  const document = JSON.parse(readFileSync(join(folder, file), "utf8"));
  const count = { agreed: 0, disagreed: 0 };
  for (const { name, index, outcome, agreed } of verdicts(READ[file], document, mode === "-spoil")) {
    count[agreed ? "agreed" : "disagreed"]++;
    if (mode === "-json") process.stdout.write(`${compact({ file, kind: name, index, verdict: outcome, agreed })}\n`);
    else if (agreed === (mode === "-spoil")) say(`${file}: ${name} ${index}: ${compact(outcome)}`);
  }
  return count;
}

function main(args) {
  const modes = args.filter((a) => a.startsWith("-"));
  const folders = args.filter((a) => !a.startsWith("-"));
  if (modes.length > 1 || folders.length > 1 || modes.some((m) => m !== "-json" && m !== "-spoil")) {
    process.stderr.write("usage: node main.mjs [-json | -spoil] [VECTORS]\n");
    return 2;
  }
  const [mode] = modes;
  const folder = folders[0] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..", "vectors");
  const say = (text) => mode === "-json" || process.stdout.write(`${text}\n`);
  let [passed, failed] = [0, 0];
  const entries = readdirSync(folder).filter((name) => !NO_VECTORS.includes(name));
  for (const file of [...new Set([...entries, ...Object.keys(READ)])].sort()) {
    if (NOT_READ.includes(file)) {
      say(`${file}: not read`);
      continue;
    }
    try {
      const { agreed, disagreed } = readFile(folder, file, mode, say);
      say(`${file}: ${agreed} agreed, ${disagreed} disagreed`);
      passed += mode === "-spoil" ? disagreed : agreed;
      failed += mode === "-spoil" ? agreed : disagreed;
    } catch (problem) {
      process.stderr.write(`${file}: ${problem.message}\n`);
      failed++;
    }
  }
  say(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
