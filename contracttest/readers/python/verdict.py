"""One vector: what is expected of it, what comes of it, and how it is spoiled."""

import copy

from forms import members
from refusal import Refusal, UnknownForm


class Kind:
    """A kind of vectors: how each is checked, which members it has, and which of them are expected."""

    def __init__(self, table, normal):
        self.check, self.given, self.outputs, self.implied = table
        self.normal = normal

    def vector(self, entry):
        """A vector with all that its kind implies, and without members that are not known."""
        if self.implied:
            name, error = self.implied
            entry = dict({name: entry} if name else entry, error=error)
        required = [n for n in self.given if n[-1] != "?"]
        if self.implied and self.implied[0]:
            required.append(self.implied[0])
        answers = ["error"] if "error" in entry else [n.split(".")[0] for n in self.outputs]
        members(entry, required + answers, [n[:-1] for n in self.given if n[-1] == "?"])
        return entry

    def outcome(self, vector):
        """What this program makes of a vector."""
        try:
            return {"gives": self.check(vector)}
        except Refusal as refusal:
            return {"refused": refusal.name}

    def expected(self, vector):
        if "error" in vector:
            return {"refused": vector["error"]}
        return {"gives": {name: self.in_normal_form(name, at(vector, name)) for name in self.outputs}}

    def in_normal_form(self, name, value):
        try:
            return self.normal.get(name, lambda x: x)(value)
        except (Refusal, UnknownForm):  # only a spoiled value has none
            return value

    def spoiled(self, vector):
        """Pairs of a vector and what is now wrongly expected of it, one for each expectation."""
        if "error" in vector:
            yield vector, {"gives": {}}
            return
        if not self.outputs:
            yield vector, {"refused": "ErrInvalidValue"}
        for name in self.outputs:
            changed = copy.deepcopy(vector)
            parent = changed
            *path, last = name.split(".")
            for step in path:
                parent = parent[step]
            parent[last] = other(parent[last])
            yield changed, self.expected(changed)


def at(vector, name):
    for step in name.split("."):
        vector = vector[step]
    return vector


def other(value):
    """A value with one byte changed, or as little as that where there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1:] == "0" else "0")
    if isinstance(value, list) and value:
        return [other(value[0])] + value[1:]
    if isinstance(value, dict) and value:
        first = min(value)
        return dict(value, **{first: other(value[first])})
    return {"S": "0"} if value is None else ["0"] if isinstance(value, list) else {"0": "0"}
