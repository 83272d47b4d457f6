"""values.json: how logical values are stored, and what stored values read as."""

import base64
import json

from forms import members, number_order, plain_number, unbase64, utf8
from refusal import Refusal, UnknownForm
from timetext import SECOND, parse_time, time_text

RANGES = {"int": (-(2**63), 2**63 - 1), "uint": (0, 2**64 - 1), "unix_seconds": (-(2**63), 2**63 - 1)}
FORMS = {"S": ("", "rfc3339nano"), "N": ("", "int", "uint", "float", "unix_seconds"), "BOOL": ("",), "B": ("",),
         "L": ("",), "M": ("",), "SS": ("",), "NS": ("",), "BS": ("",)}
ZERO_TIME = parse_time("0001-01-01T00:00:00Z")
OF_SET = {"SS": "S", "NS": "N", "BS": "B"}


def refuse():
    return Refusal("ErrInvalidValue")


def declared(attribute):
    """Type and format of an attribute that the vectors may have."""
    members(attribute, ("type",), ("format", "required", "omit_empty", "json", "roles"))
    kind, form = attribute["type"], attribute.get("format", "")
    if form not in FORMS.get(kind, ()):
        raise UnknownForm("an attribute of type %s and format %s" % (kind, form))
    return kind, "json" if attribute.get("json") and kind == "S" else form


def only(value):
    if not isinstance(value, dict) or len(value) != 1:
        raise UnknownForm("a value that has not one member")
    return next(iter(value.items()))


def nearest(text):
    """The shortest plain form of the float of 64 bits that is nearest to a number DynamoDB holds."""
    return plain_number(repr(float(text)))


def text_of(value):
    """The text of a text value; None for other kinds."""
    kind, x = only(value)
    if kind == "text":
        return x
    if kind == "text_hex":
        return utf8(bytes.fromhex(x))
    return None


def write(attribute, value):
    """The stored form; None where the attribute is absent."""
    kind, form = declared(attribute)
    stored, empty = (None, True) if only(value)[0] == "null" else encode(kind, form, value)
    if empty and attribute.get("required"):
        raise refuse()
    return None if empty and attribute.get("omit_empty") else stored


def encode(kind, form, value):
    """The stored form of a value that is not null, and whether it is empty."""
    given, x = only(value)
    if form == "json":
        return {"S": json_text(value)}, False
    if form == "rfc3339nano":
        if given not in ("time", "zero_time"):
            raise refuse()
        stored = stored_time(value)
        return stored, stored is None
    if kind == "N":
        text = number_text(form, value)
        return {"N": text}, text == "0"
    if kind in OF_SET:
        return encode_set(kind, value)
    stored = dynamic(value)
    if kind not in stored or given in ("time", "zero_time"):  # whose S is that of another format
        raise refuse()
    return stored, stored[kind] in ("", [], {}, False)


def stored_time(value):
    """The stored form of a time; None for a zero one, which may be written out."""
    given, x = only(value)
    return None if given == "zero_time" or parse_time(x) == ZERO_TIME else {"S": time_text(parse_time(x))}


def number_text(form, value):
    given, x = only(value)
    if given == "time" and form == "unix_seconds" and stored_time(value):
        return str(parse_time(x) // SECOND)
    if form in RANGES and given == "int":
        low, high = RANGES[form]
        if not low <= int(x) <= high:
            raise refuse()
        return str(int(x))
    if form == "float" and given == "float":
        return nearest(x)
    if form == "" and given == "decimal":
        return plain_number(x)
    raise refuse()


def dynamic(value):
    """The stored form of a value by its own kind, as in lists and maps."""
    given, x = only(value)
    text = text_of(value)
    if text is not None:
        return {"S": text}
    if given in ("int", "decimal"):
        return {"N": plain_number(x)}
    if given == "float":
        return {"N": nearest(x)}
    if given == "bool":
        return {"BOOL": x}
    if given == "hex":
        return {"B": base64.b64encode(bytes.fromhex(x)).decode()}
    if given in ("time", "zero_time"):
        return stored_time(value) or {"NULL": True}
    if given == "null":
        return {"NULL": True}
    if given == "list":
        return {"L": [dynamic(e) for e in x]}
    if given == "map":
        if "" in x:
            raise refuse()
        return {"M": {name: dynamic(e) for name, e in x.items()}}
    raise UnknownForm("a value of kind " + given)


def encode_set(kind, value):
    given, elements = only(value)
    if given != "list":
        raise refuse()
    stored = [dynamic(e) for e in elements]
    if any(OF_SET[kind] not in e for e in stored) or any(only(e)[0] in ("time", "zero_time") for e in elements):
        raise refuse()
    sorted_members = in_order(kind, [e[OF_SET[kind]] for e in stored])
    return ({kind: sorted_members}, False) if sorted_members else (None, True)


def in_order(kind, elements):
    """The members of a set, each once, as they are stored."""
    if kind == "NS":
        return sorted({plain_number(e) for e in elements}, key=number_order)
    if kind == "BS":
        return [base64.b64encode(e).decode() for e in sorted({unbase64(e) for e in elements})]
    return sorted(set(elements), key=lambda e: e.encode())


def json_text(value):
    """Canonical JSON text: sorted names, no blanks, numbers as they were."""
    given, x = only(value)
    text = text_of(value)
    if text is not None:
        return json.dumps(text, ensure_ascii=False)
    if given == "json_number":
        return x
    if given in ("bool", "null"):
        return json.dumps(x if given == "bool" else None)
    if given == "list":
        return "[" + ",".join(json_text(e) for e in x) + "]"
    if given == "map":
        return "{" + ",".join(json.dumps(n, ensure_ascii=False) + ":" + json_text(x[n]) for n in sorted(x)) + "}"
    raise UnknownForm("a JSON value of kind " + given)


def read(attribute, stored):
    """The logical value of what is stored."""
    kind, form = declared(attribute)
    if stored is None:
        if attribute.get("required"):
            raise refuse()
        return {"null": True}
    given, x = only(stored)
    if given == "NULL" and (kind in ("B", "L", "M") or kind in OF_SET or form == "json"):
        return {"null": True}
    if given == "S_hex":
        utf8(bytes.fromhex(x))
        raise UnknownForm("S_hex of a text that is UTF-8")
    if given != kind:
        raise refuse()
    if form == "json":
        return parse_json(x)
    if form == "rfc3339nano":
        return {"time": time_text(parse_time(x))}
    if form in RANGES:
        return {"int": whole(x, RANGES[form])}
    if form == "float":
        return {"float": nearest(plain_number(x))}
    return loose(stored)


def whole(text, bounds):
    plain = plain_number(text)
    if "." in plain or not bounds[0] <= int(plain) <= bounds[1]:
        raise refuse()
    return plain


def loose(stored):
    """The logical value of a stored one by its own type."""
    kind, x = only(stored)
    if kind == "S":
        return {"text": x}
    if kind == "N":
        return {"decimal": plain_number(x)}
    if kind == "BOOL":
        return {"bool": x}
    if kind == "B":
        return {"hex": unbase64(x).hex()}
    if kind == "NULL":
        return {"null": True}
    if kind in OF_SET:
        return {"list": [loose({OF_SET[kind]: e}) for e in in_order(kind, x)]}
    if kind == "L":
        return {"list": [loose(e) for e in x]}
    if kind == "M":
        return {"map": {name: loose(e) for name, e in x.items()}}
    raise UnknownForm("a stored value of type " + kind)


class JSONNumber(str):
    """The text of a number in JSON."""


def parse_json(text):
    def no_constant(_):
        raise ValueError

    try:
        parsed = json.loads(text, parse_int=JSONNumber, parse_float=JSONNumber, parse_constant=no_constant)
    except ValueError:
        raise refuse() from None
    return json_value(parsed)


def json_value(x):
    if isinstance(x, JSONNumber):
        return {"json_number": str(x)}
    if isinstance(x, bool):
        return {"bool": x}
    if isinstance(x, str):
        return {"text": x}
    if x is None:
        return {"null": True}
    if isinstance(x, list):
        return {"list": [json_value(e) for e in x]}
    return {"map": {name: json_value(e) for name, e in x.items()}}


def normal(value):
    """An expected value in the form that verdicts have: numbers plain, times as they are stored."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    kind, x = only(value)
    if kind in ("float", "decimal"):
        return {kind: nearest(x) if kind == "float" else plain_number(x)}
    if kind == "time":
        return {kind: time_text(parse_time(x))}
    if kind == "list":
        return {kind: [normal(e) for e in x]}
    if kind == "map":
        return {kind: {name: normal(e) for name, e in x.items()}}
    return value


def check_write(v):
    stored = write(v["attribute"], v["value"])
    again = write(v["attribute"], read(v["attribute"], stored))
    return {"stored": stored} if again == stored else {"stored": stored, "again": again}


def check_read(v):
    return {"value": read(v["attribute"], v["stored"])}


KINDS = {
    "writes": (check_write, ("name", "attribute", "value"), ("stored",), None),
    "reads": (check_read, ("name", "attribute", "stored"), ("value",), None),
}
NORMAL = {"value": normal}
