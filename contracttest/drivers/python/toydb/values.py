"""Values: Python's own and the stored form, which is DynamoDB JSON."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .times import format_time, parse_time

SETS = ("SS", "NS", "BS")
RANGES = {"int": (-(2**63), 2**63 - 1), "uint": (0, 2**64 - 1), "unix_seconds": (-(2**63), 2**63 - 1)}


@dataclass(frozen=True)
class Attribute:
    """One attribute of a model, as its document says."""

    name: str
    kind: str
    format: str = ""
    required: bool = False
    omit_empty: bool = False
    json: bool = False
    roles: tuple = ()
    first_version: int = 1


def encode(attribute: Attribute, value: Any) -> dict:
    """The stored form, DynamoDB JSON. Raises ValueError or TypeError, whose texts hold no value."""
    kind = attribute.kind
    if attribute.json:
        return {"S": dump_json(value)}
    if kind in SETS:
        if not isinstance(value, (set, frozenset)) or not value:
            raise TypeError("a set is wanted")
        of = Attribute(attribute.name, kind[0])
        return {kind: sorted({encode(of, member)[kind[0]] for member in value})}
    if attribute.format == "rfc3339nano":
        return {"S": format_time(parse_time(_text(value)))}
    if kind == "N":
        return {"N": number_text(value, attribute.format)}
    wanted = {"S": str, "B": bytes, "BOOL": bool, "L": list, "M": dict}[kind]
    if not isinstance(value, wanted):
        raise TypeError(f"type {kind} is wanted")
    return encode_any(value)


def encode_any(value: Any) -> dict:
    """The stored form of a value by its own type, as it stands in lists and maps."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": _text(value)}
    if isinstance(value, (int, float, Decimal)):
        return {"N": number_text(value)}
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode()}
    if isinstance(value, list):
        return {"L": [encode_any(member) for member in value]}
    if isinstance(value, dict):
        if "" in value:
            raise ValueError("a map has an empty key")
        return {"M": {_text(name): encode_any(member) for name, member in value.items()}}
    raise TypeError("a type that can't be stored")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("a text is no UTF-8") from None
    return value


def number_text(value: Any, format: str = "") -> str:
    """A number as DynamoDB takes it: 38 digits, between 1E-130 and 9.9E+125, or as narrow as its format."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError("a number is wanted")
    if format in RANGES:
        low, high = RANGES[format]
        if not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"not in the range of {format}")
        return str(value)
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ValueError("a number is not finite")
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    short = text.rstrip("0")
    exponent += len(text) - len(short)
    if not short:
        return "0"
    if len(short) > 38 or not -130 <= exponent + len(short) - 1 <= 125:
        raise ValueError("more digits, or a larger exponent, than DynamoDB holds")
    number = Decimal((sign, tuple(map(int, short)), exponent))
    return format_plain(number) if abs(exponent) <= 40 else str(number)


def format_plain(number: Decimal) -> str:
    """A number's digits without an exponent."""
    return f"{number:f}"


def dump_json(value: Any) -> str:
    """JSON text with sorted keys and every digit of a number."""
    if isinstance(value, dict):
        members = (f"{dump_json(_text(name))}:{dump_json(value[name])}" for name in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump_json, value)) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return json.dumps(_text(value), ensure_ascii=False) if isinstance(value, str) else number_text(value)


def decode(attribute: Attribute, stored: dict) -> Any:
    """The value of a stored form. Raises ValueError where it is not of the attribute's type or out of its range."""
    (kind, value), = stored.items()
    if kind != attribute.kind:
        raise ValueError("another type is stored")
    if attribute.json:
        return json.loads(value, parse_float=Decimal, parse_constant=_no_constant)
    if attribute.format == "rfc3339nano":
        return format_time(parse_time(value))
    if kind == "N":
        number = Decimal(value)
        if attribute.format == "float":
            return float(number)
        if attribute.format in RANGES:
            if number != number.to_integral_value():
                raise ValueError("a fraction is stored")
            number_text(int(number), attribute.format)
            return int(number)
        return number
    return decode_any(stored)


def _no_constant(_: str) -> None:
    raise ValueError("no JSON")


def decode_any(stored: dict) -> Any:
    """The value of a stored form by its own type."""
    (kind, value), = stored.items()
    if kind == "N":
        return Decimal(value)
    if kind == "B":
        return base64.b64decode(value, validate=True)
    if kind == "NULL":
        return None
    if kind == "L":
        return [decode_any(member) for member in value]
    if kind == "M":
        return {name: decode_any(member) for name, member in value.items()}
    if kind in SETS:
        return {decode_any({kind[0]: member}) for member in value}
    return value


def value_size(stored: dict) -> int:
    """The bytes that the service counts for a value; for a number never less than those.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    (kind, value), = stored.items()
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        return (len(value.strip("-0.")) + 1) // 2 + 2
    if kind == "B":
        return len(base64.b64decode(value))
    if kind == "L":
        return 3 + sum(1 + value_size(member) for member in value)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_size(member) for name, member in value.items())
    return sum(value_size({kind[0]: member}) for member in value) if kind in SETS else 1
