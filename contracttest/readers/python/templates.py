"""Key templates: their grammar, and whether keys of two of them may be equal."""

import re

from refusal import Refusal
from timetext import is_stored_time

LITERAL = re.compile(r"[A-Za-z0-9_\-.:@/+=]*", re.ASCII)
COUNT = re.compile(r"[1-9][0-9]*", re.ASCII)
PLAIN = {"int", "ms", "lower", "hash"}
BOUNDS = {"int": (-(2**63), 2**63 - 1), "uint": (0, 2**64 - 1)}


class Component:
    """One {attribute|modifier...} with the literal in front of it."""

    def __init__(self, text, types):
        name, *modifiers = text.split("|")
        self.literal = ""
        self.name = name
        if name not in types:
            raise Refusal("ErrInvalidModel" if name else "ErrInvalidTag")
        self.type = types[name]
        self.pad = self.shards = 0
        self.int = self.ms = self.lower = self.hash = False
        rank = 0
        for modifier in modifiers:
            rank = self.add(modifier, rank)
        if self.type in BOUNDS and not (self.pad or self.int):
            raise Refusal("ErrInvalidTag")

    def add(self, modifier, rank):
        """Takes a modifier, which must come behind those of a lower rank."""
        word, colon, argument = modifier.partition(":")
        if colon and word in ("pad", "shard"):
            if not COUNT.fullmatch(argument) or len(argument) > 5:
                raise Refusal("ErrInvalidTag")
            number = int(argument)
            low, high = (1, 20) if word == "pad" else (2, 10000)
            if not low <= number <= high:
                raise Refusal("ErrInvalidTag")
        elif colon or word not in PLAIN:
            raise Refusal("ErrInvalidTag")
        place = {"pad": 1, "int": 1, "ms": 1, "lower": 2, "hash": 3, "shard": 3}[word]
        fits = {"pad": self.type in BOUNDS, "int": self.type in BOUNDS, "ms": self.type == "time"}.get(word, True)
        if place <= rank or not fits:
            raise Refusal("ErrInvalidTag")
        if word == "pad":
            self.pad = number
        elif word == "shard":
            self.shards = number
        else:
            setattr(self, word, True)
        return place

    @property
    def lossy(self):
        return self.ms or self.lower or self.hash or self.shards > 0


class Template:
    """Segments that are literal texts or Components."""

    def __init__(self, text, types):
        self.segments = [segment(part, types) for part in text.split("#")]
        self.components = [s for s in self.segments if isinstance(s, Component)]


def segment(text, types):
    literal = LITERAL.match(text)[0]
    rest = text[len(literal):]
    if not rest:
        if not literal:
            raise Refusal("ErrInvalidTag")
        return literal
    if rest[0] != "{" or rest[-1] != "}" or rest.count("{") > 1 or rest.count("}") > 1:
        raise Refusal("ErrInvalidTag")
    component = Component(rest[1:-1], types)
    component.literal = literal
    return component


LATEST = "9999-19-39T29:59:59.999999999Z"  # each place of a time by itself
HEX = frozenset("0123456789abcdef")
ANY = frozenset(chr(c) for c in range(0x25, 0x80))
NOT_UPPER = frozenset(c for c in ANY if not "A" <= c <= "Z")


def language(s):
    """The texts of a segment: a set of characters for each place, what follows (None, or any number of one set), and
    the least and greatest text of numbers. Of the greatest, the places have the first digit alone."""
    if isinstance(s, str):
        return [{c} for c in s], None, None
    front = [{c} for c in s.literal]
    if s.hash:
        return front + [HEX] * 64, None, None
    if s.shards:
        return bounded(s.literal, len(str(s.shards - 1)), s.shards - 1)
    if s.type in BOUNDS:
        width = s.pad or 20
        greatest = 2**64 - 1 if s.int else min(BOUNDS[s.type][1], 10**width - 1)
        return bounded(s.literal, width, greatest)
    if s.type == "time":
        latest = LATEST[:23] + "Z" if s.ms else LATEST
        return front + [up_to(c) for c in (latest.lower() if s.lower else latest)], None, None
    letters = NOT_UPPER if s.lower else ANY
    return front + [letters], letters, None


def bounded(literal, width, greatest):
    high = str(greatest).zfill(width)
    places = [{c} for c in literal] + [up_to(high[0])] + [up_to("9")] * (width - 1)
    return places, None, (literal + "0" * width, literal + high)


def up_to(c):
    """The digits up to one; of what is no digit just that."""
    return set("0123456789"[:int(c) + 1]) if c.isdigit() else {c}


def gives(s, literal):
    """Whether a component gives just this literal text."""
    if not literal.startswith(s.literal) or not places_meet(language(s), language(literal)):
        return False
    if s.type == "time" and not (s.hash or s.shards):
        return is_stored_time(literal[len(s.literal):].upper(), s.ms)
    _, _, bounds = language(s)
    return bounds is None or bounds[0] <= literal <= bounds[1]


def places_meet(a, b):
    (a, tail_a, _), (b, tail_b, _) = a, b
    for i in range(max(len(a), len(b))):
        x = a[i] if i < len(a) else tail_a
        y = b[i] if i < len(b) else tail_b
        if not x or not y or not set(x) & set(y):
            return False
    return True


def segments_meet(a, b):
    if isinstance(a, Component) and isinstance(b, str):
        return gives(a, b)
    if isinstance(b, Component) and isinstance(a, str):
        return segments_meet(b, a)
    return places_meet(language(a), language(b))


def overlap(a, b):
    return len(a.segments) == len(b.segments) and all(map(segments_meet, a.segments, b.segments))
