"""The forms that texts, bytes and numbers have in the vectors."""

import base64
import binascii
import json
import re

from refusal import Refusal, UnknownForm

MAX_DIGITS = 38
NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?)([0-9]+))?", re.ASCII)


def members(vector, required, optional=()):
    """Refuses a vector that lacks a member or has one that is not known."""
    if not isinstance(vector, dict):
        raise UnknownForm("a vector that is no object")
    for name in required:
        if name not in vector:
            raise UnknownForm("no member " + name)
    for name in vector:
        if name not in required and name not in optional:
            raise UnknownForm("the member " + name)


def raw(text):
    """The bytes of a JSON string, of {hex}, or of {repeat, times}."""
    if isinstance(text, str):
        return text.encode()
    if isinstance(text, dict) and set(text) == {"hex"}:
        return bytes.fromhex(text["hex"])
    if isinstance(text, dict) and set(text) == {"repeat", "times"}:
        return (text["repeat"] * text["times"]).encode()
    raise UnknownForm("a text of another form")


def utf8(data, name="ErrInvalidValue"):
    """Text of bytes, which must be UTF-8."""
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Refusal(name) from None


def unbase64(text):
    """Bytes of padded base64 in its one form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UnknownForm("no base64") from None
    if base64.b64encode(data).decode() != text:
        raise UnknownForm("loose base64")
    return data


def compact(value):
    """JSON with sorted members, without blanks, and nothing escaped that need not be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def decimal(text, name="ErrInvalidValue"):
    """Sign, digits and exponent of a number that DynamoDB holds: digits * 10^exponent, no zero at either end."""
    match = NUMBER.fullmatch(text)
    if not match or not (match[2] or match[3]):
        raise Refusal(name)
    sign, whole, fraction, exponent_sign, exponent = match.groups(default="")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "", "", 0
    power = 0
    if exponent:
        exponent = exponent.lstrip("0") or "0"
        # A longer exponent is out of range whatever stands before it.
        power = int(exponent) if len(exponent) < 10 else 10**10
        if exponent_sign == "-":
            power = -power
    power -= len(fraction)
    trimmed = digits.rstrip("0")
    power += len(digits) - len(trimmed)
    magnitude = power + len(trimmed) - 1
    if len(trimmed) > MAX_DIGITS or magnitude > 125 or magnitude < -130:
        raise Refusal(name)
    return ("-" if sign == "-" else ""), trimmed, power


def canonical_number(text, name="ErrInvalidValue"):
    """The one text of a number in canonical bytes."""
    sign, digits, power = decimal(text, name)
    return sign + digits + "e" + str(power) if digits else "0"


def plain_number(text):
    """A number without exponent, as DynamoDB returns it."""
    sign, digits, power = decimal(text)
    if not digits:
        return "0"
    if power >= 0:
        return sign + digits + "0" * power
    point = len(digits) + power
    if point > 0:
        return sign + digits[:point] + "." + digits[point:]
    return sign + "0." + "0" * -point + digits


def number_order(text):
    """A whole number that orders numbers by value."""
    sign, digits, power = decimal(text)
    value = int(digits or "0") * 10 ** (power + 200)
    return -value if sign else value
