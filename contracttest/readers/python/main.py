"""Checks the vectors of theorydb, a program of its own: see README.md in the folder above.

usage: main.py [-json | -spoil] [VECTORS]
"""

import json
import os
import sys

import cursors
import envelopes
import keys
import names
import values
from forms import compact
from refusal import Refusal, UnknownForm
from verdict import Kind

READ = {"cursors.json": cursors, "envelopes.json": envelopes, "keys.json": keys, "names.json": names, "values.json": values}
# What is in the folder and is for runtimes that compile models, which this program does not.
NOT_READ = {"schemas.json", "identity"}
NO_VECTORS = {"README.md", "vectors.go"}


def kinds_of(module, document):
    """The kinds of a file, each of which it must have, and no other."""
    table = module.kinds(document) if hasattr(module, "kinds") else module.KINDS
    known = set(table) | {"format"} | set(getattr(module, "BESIDE", ()))
    if set(document) != known:
        raise UnknownForm("members: %s" % ", ".join(sorted(set(document) ^ known)))
    return {name: Kind(row, getattr(module, "NORMAL", {})) for name, row in table.items()}


def verdicts(file, module, document, spoil):
    """Yields kind, index, outcome and whether it is the expected one."""
    for name, kind in kinds_of(module, document).items():
        for index, entry in enumerate(document[name]):
            try:
                vector = kind.vector(entry)
                tries = kind.spoiled(vector) if spoil else [(vector, kind.expected(vector))]
            except UnknownForm as unknown:
                yield name, index, {"unknown": str(unknown)}, False
                continue
            for tried, expected in tries:
                try:
                    outcome = kind.outcome(tried)
                except (UnknownForm, KeyError, ValueError, TypeError, AttributeError) as unknown:
                    yield name, index, {"unknown": str(unknown)}, False
                    continue
                yield name, index, outcome, compact(outcome) == compact(expected)


def main(arguments):
    options = [a for a in arguments if a.startswith("-")]
    folders = [a for a in arguments if not a.startswith("-")]
    if len(folders) > 1 or options not in ([], ["-json"], ["-spoil"]):
        sys.exit(__doc__)
    folder = folders[0] if folders else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors")
    as_json, spoil = options == ["-json"], options == ["-spoil"]
    passed = failed = 0

    def say(text):
        if not as_json:
            print(text)

    entries = set(os.listdir(folder)) - NO_VECTORS
    for file in sorted(entries | set(READ)):
        if file in NOT_READ:
            say(file + ": not read")
            continue
        agreed = disagreed = 0
        try:
            if file not in READ:
                raise UnknownForm("a file of this name is not known")
            with open(os.path.join(folder, file), encoding="utf-8") as opened:
                document = json.load(opened)
            for kind, index, outcome, same in verdicts(file, READ[file], document, spoil):
                agreed, disagreed = agreed + same, disagreed + (not same)
                if as_json:
                    print(compact({"file": file, "kind": kind, "index": index, "verdict": outcome, "agreed": same}))
                elif same == spoil:
                    say("%s: %s %d: %s" % (file, kind, index, compact(outcome)))
        except (UnknownForm, Refusal, OSError, ValueError, KeyError) as unknown:
            print("%s: %s" % (file, unknown), file=sys.stderr)
            failed += 1
            continue
        say("%s: %d agreed, %d disagreed" % (file, agreed, disagreed))
        passed += disagreed if spoil else agreed
        failed += agreed if spoil else disagreed
    say("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
