"""Canonical bytes: the plaintext of sealed attributes."""

import base64

from forms import canonical_number, plain_number, unbase64, utf8
from refusal import Refusal, UnknownForm

MALFORMED = "ErrInvalidEncryptedEnvelope"
TYPES = {"S": b"S", "N": b"N", "B": b"B", "BOOL": b"T", "NULL": b"Z", "L": b"L", "M": b"M", "SS": b"s", "NS": b"n", "BS": b"b"}
MAX_DEPTH = 32
MAX_SIZE = 400 * 1024


def prefixed(data):
    return len(data).to_bytes(4, "big") + data


def encode(value, depth=0):
    """The bytes of a value in DynamoDB JSON."""
    if not isinstance(value, dict) or len(value) != 1:
        raise UnknownForm("a value that has not one member")
    kind, x = next(iter(value.items()))
    if kind not in TYPES:
        raise UnknownForm("a value of type " + kind)
    if kind in ("L", "M"):
        depth += 1
        if depth > MAX_DEPTH:
            raise Refusal("ErrInvalidValue")
    data = TYPES[kind] + body(kind, x, depth)
    if len(data) > MAX_SIZE:
        raise Refusal("ErrItemTooLarge")
    return data


def body(kind, x, depth):
    if kind == "S":
        return x.encode()
    if kind == "N":
        return canonical_number(x).encode()
    if kind == "B":
        return unbase64(x)
    if kind == "BOOL":
        return b"\1" if x else b"\0"
    if kind == "NULL":
        if x is not True:
            raise Refusal("ErrInvalidValue")
        return b""
    if kind == "L":
        return len(x).to_bytes(4, "big") + b"".join(prefixed(encode(e, depth)) for e in x)
    if kind == "M":
        if "" in x:
            raise Refusal("ErrInvalidValue")
        names = sorted(x, key=str.encode)
        return len(x).to_bytes(4, "big") + b"".join(prefixed(n.encode()) + prefixed(encode(x[n], depth)) for n in names)
    elements = sorted({body(TYPES_OF_MEMBERS[kind], e, depth) for e in x})
    if not elements:
        raise Refusal("ErrInvalidValue")
    return len(elements).to_bytes(4, "big") + b"".join(map(prefixed, elements))


TYPES_OF_MEMBERS = {"SS": "S", "NS": "N", "BS": "B"}
NAMES = {code[0]: kind for kind, code in TYPES.items()}


def malformed():
    return Refusal(MALFORMED)


def decode(data, depth=0):
    """The value that bytes are of, as DynamoDB JSON: numbers plain, sets in the order of the bytes."""
    if not data or len(data) > MAX_SIZE or data[0] not in NAMES:
        raise malformed()
    kind, rest = NAMES[data[0]], data[1:]
    if kind in ("S", "N", "B"):
        return {kind: scalar(kind, rest)}
    if kind == "BOOL":
        if rest not in (b"\0", b"\1"):
            raise malformed()
        return {kind: rest == b"\1"}
    if kind == "NULL":
        if rest:
            raise malformed()
        return {kind: True}
    if kind in ("L", "M"):
        depth += 1
        if depth > MAX_DEPTH:
            raise malformed()
    if kind == "L":
        return {kind: [decode(p, depth) for p in pieces(rest, 1)]}
    if kind == "M":
        parts = pieces(rest, 2)
        names, values = parts[::2], parts[1::2]
        ascending([b""] + names)
        return {kind: {utf8(n, MALFORMED): decode(v, depth) for n, v in zip(names, values)}}
    parts = pieces(rest, 1)
    if not parts:
        raise malformed()
    ascending(parts)
    return {kind: [scalar(TYPES_OF_MEMBERS[kind], p) for p in parts]}


def scalar(kind, data):
    if kind == "B":
        return base64.b64encode(data).decode()
    text = utf8(data, MALFORMED)
    if kind == "S":
        return text
    if canonical_number(text, MALFORMED) != text:
        raise malformed()
    return plain_number(text)


def pieces(data, each):
    """What stands behind a count, each behind its length."""
    if len(data) < 4:
        raise malformed()
    count, at, parts = int.from_bytes(data[:4], "big"), 4, []
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        if len(data) < at + 4 + length:
            raise malformed()
        parts.append(data[at + 4:at + 4 + length])
        at += 4 + length
    if len(parts) != count * each:
        raise malformed()
    return parts


def ascending(parts):
    if any(a >= b for a, b in zip(parts, parts[1:])):
        raise malformed()
