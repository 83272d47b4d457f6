"""keys.json: the codec, rendering and parsing of keys, and templates."""

import hashlib
import re

from forms import raw, utf8
from keytext import decode_text, encode_text
from refusal import Refusal, UnknownForm
from templates import BOUNDS, Component, Template, overlap
from timetext import is_stored_time

LIMITS = {"partition": 2048, "sort": 1024}
USUAL_TYPES = {"a": "text", "b": "text", "n": "int", "u": "uint", "at": "time"}
WHOLE = re.compile(rb"-?(0|[1-9][0-9]*)", re.ASCII)


def ascii_lower(data):
    return bytes(c + 32 if 0x41 <= c <= 0x5A else c for c in data)


def shard_text(data, shards):
    number = int.from_bytes(hashlib.sha256(data).digest()[:8], "big") % shards
    return str(number).zfill(len(str(shards - 1))).encode()


def render_component(component, stored):
    if not stored:
        raise Refusal("ErrKeyIncomplete")
    utf8(stored)
    if component.type in BOUNDS:
        stored = render_number(component, stored)
    elif component.type == "time":
        if not is_stored_time(stored.decode()):
            raise Refusal("ErrInvalidValue")
        if component.ms:
            stored = stored[:23] + b"Z"
    if component.lower:
        stored = ascii_lower(stored)
    if component.hash:
        stored = hashlib.sha256(stored).hexdigest().encode()
    elif component.shards:
        stored = shard_text(stored, component.shards)
    return component.literal.encode() + encode_text(stored)


def render_number(component, stored):
    if not WHOLE.fullmatch(stored) or stored == b"-0":
        raise Refusal("ErrInvalidValue")
    number = int(stored)
    low, high = BOUNDS[component.type]
    if not low <= number <= high:
        raise Refusal("ErrInvalidValue")
    if component.int:
        return b"%020d" % (number - low)
    if number < 0 or number >= 10**component.pad:
        raise Refusal("ErrInvalidValue")
    return str(number).zfill(component.pad).encode()


def render(template, values):
    return b"#".join(
        render_component(s, raw(values[s.name])) if isinstance(s, Component) else s.encode() for s in template.segments
    )


def prefix(template, values):
    """The key as far as values decide it, with the literal of the component that comes next."""
    out = []
    for s in template.segments:
        if isinstance(s, str):
            out.append(s.encode())
        elif s.name in values:
            out.append(render_component(s, raw(values[s.name])))
        else:
            out.append(s.literal.encode())
            break
    return b"#".join(out)


def parse(template, key):
    parts = key.split(b"#")
    if len(parts) != len(template.segments):
        raise Refusal("ErrTypeMismatch")
    values = []
    for s, part in zip(template.segments, parts):
        if isinstance(s, str):
            if part != s.encode():
                raise Refusal("ErrTypeMismatch")
            continue
        literal = s.literal.encode()
        if not part.startswith(literal) or len(part) == len(literal):
            raise Refusal("ErrTypeMismatch")
        values.append(parse_component(s, decode_text(part[len(literal):])))
    return values


def parse_component(component, data):
    text = utf8(data, "ErrTypeMismatch")
    if component.hash:
        ok = re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII)
    elif component.shards:
        width = len(str(component.shards - 1))
        ok = re.fullmatch(r"[0-9]{%d}" % width, text, re.ASCII) and int(text) < component.shards
    elif component.type in BOUNDS:
        ok = re.fullmatch(r"[0-9]{%d}" % (component.pad or 20), text, re.ASCII)
        if ok:
            low, high = BOUNDS[component.type]
            number = int(text) + (low if component.int else 0)
            ok = low <= number <= high
            text = str(number)
    elif component.type == "time":
        whole = text.upper() if component.lower else text
        ok = is_stored_time(whole, component.ms) and (not component.lower or text == text.lower())
    else:
        ok = not component.lower or data == ascii_lower(data)
    if not ok:
        raise Refusal("ErrTypeMismatch")
    return "" if component.lossy else text


def template_of(vector):
    for kind in vector["types"].values():
        if kind not in USUAL_TYPES.values():
            raise UnknownForm("the type " + kind)
    return Template(vector["template"], vector["types"])


def check_codec(v):
    return {"encoded": encode_text(raw(v["text"])).decode(), "text": decode_text(v["encoded"])}


def check_refused_text(v):
    return {"text": decode_text(v["encoded"])}


def check_key(v):
    template = template_of(v)
    return {"key": render(template, v["values"]).decode(), "parsed": parse(template, raw(v["key"]))}


def check_prefix(v):
    return {"prefix": prefix(template_of(v), v["values"]).decode()}


def check_length(v):
    if v["half"] not in LIMITS:
        raise UnknownForm("the half " + v["half"])
    if len(render(template_of(v), v["values"])) > LIMITS[v["half"]]:
        raise Refusal("ErrKeyTooLong")
    return {}


def check_refused_value(v):
    return {"key": render(template_of(v), v["values"]).decode()}


def check_refused_key(v):
    return {"parsed": parse(template_of(v), raw(v["key"]))}


def check_template(v):
    Template(v["template"], USUAL_TYPES)
    return {}


def check_overlap(v):
    a, b = Template(v["a"], USUAL_TYPES), Template(v["b"], USUAL_TYPES)
    if overlap(a, b) != overlap(b, a):
        raise UnknownForm("an overlap that is not mutual")
    return {"overlap": overlap(a, b)}


ASKED = ("template", "types", "values")
KINDS = {
    # kind: check, members that are given, members that are expected, and what a vector that is no object stands for
    "codec": (check_codec, (), ("text", "encoded"), None),
    "refused_texts": (check_refused_text, (), (), ("encoded", "ErrTypeMismatch")),
    "keys": (check_key, ASKED, ("key", "parsed"), None),
    "prefixes": (check_prefix, ASKED, ("prefix",), None),
    "lengths": (check_length, ASKED + ("half",), (), None),
    "refused_values": (check_refused_value, ASKED, (), None),
    "refused_keys": (check_refused_key, ("template", "types", "key"), (), (None, "ErrTypeMismatch")),
    "refused_templates": (check_template, ("template",), (), None),
    "overlaps": (check_overlap, ("a", "b"), ("overlap",), None),
}
