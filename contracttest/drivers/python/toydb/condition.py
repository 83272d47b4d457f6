"""Conditions of a caller, and the text of expressions."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .errors import ToyError, printable
from .model import Model
from .values import SETS, Attribute, encode_any


@dataclass(frozen=True)
class Condition:
    """A condition of the caller. The operators are those of the contract."""

    operator: str
    attribute: str = ""
    values: tuple = ()
    comparer: str = ""
    operands: tuple = ()


COMPARERS = {"equal": "=", "not_equal": "<>", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="}
ORDERED = ("S", "N", "B")


class Expression:
    """Text of an expression, whose names and values are placeholders: nothing of a caller becomes part of the text."""

    def __init__(self, model: Model):
        self.model, self.names, self.values = model, {}, {}

    def name(self, attribute: str) -> str:
        """The placeholder of an attribute."""
        for placeholder, known in self.names.items():
            if known == attribute:
                return placeholder
        placeholder = f"#n{len(self.names)}"
        self.names[placeholder] = attribute
        return placeholder

    def value(self, stored: dict) -> str:
        """A placeholder for a stored form."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = stored
        return placeholder

    @staticmethod
    def join(*parts: str, word: str = " AND ") -> str:
        """Parts of an expression in one, without those that are empty. The service refuses brackets for nothing."""
        parts = tuple(part for part in parts if part)
        return parts[0] if len(parts) == 1 else word.join(f"({part})" for part in parts)

    def condition(self, c: Condition) -> str:
        """One condition. Raises ErrInvalidQuery, ErrInvalidOperator or ErrInvalidValue."""
        if c.operator in ("and", "or", "not"):
            if not c.operands:
                raise self._invalid(f"{c.operator} of nothing")
            joined = self.join(*map(self.condition, c.operands), word=" OR " if c.operator == "or" else " AND ")
            return f"NOT ({joined})" if c.operator == "not" else joined
        attribute = self.model.attributes.get(c.attribute)
        if attribute is None:
            raise self._invalid(f"there is no attribute {printable(c.attribute)}")
        name, kind = self.name(attribute.name), "json" if attribute.json else attribute.kind
        if c.operator in ("exists", "not_exists"):
            self._count(c, 0)
            return f"attribute_{c.operator}({name})"
        if c.operator == "size_of":
            self._count(c, 1)
            self._fits(c, kind not in ("N", "BOOL", "json"))
            if c.comparer not in COMPARERS.values():
                raise ToyError("ErrInvalidOperator", f"{self.model.name}.{c.attribute}: an unknown comparer")
            return f"size({name}) {c.comparer} {self._value(Attribute(c.attribute, 'N', 'int'), c.values[0])}"
        if c.operator in COMPARERS:
            self._count(c, 1)
            self._fits(c, c.operator in ("equal", "not_equal") or kind in ORDERED)
            return f"{name} {COMPARERS[c.operator]} {self._value(attribute, c.values[0])}"
        if c.operator == "in":
            self._fits(c, 1 <= len(c.values) <= 100)
            return f"{name} IN ({', '.join(self._value(attribute, v) for v in c.values)})"
        if c.operator == "in_range":
            self._count(c, 2)
            self._fits(c, kind in ORDERED)
            low, high = (self._value(attribute, v) for v in c.values)
            self._fits(c, _rank(self.values[low]) <= _rank(self.values[high]))
            return f"{name} BETWEEN {low} AND {high}"
        if c.operator == "begins_with":
            self._count(c, 1)
            self._fits(c, kind in ("S", "B") and not attribute.format)
            return f"begins_with({name}, {self._value(attribute, c.values[0])})"
        if c.operator == "contains":
            self._count(c, 1)
            self._fits(c, kind in ("S", "B", "L", "SS", "NS", "BS") and not attribute.format)
            if kind == "L":
                return f"contains({name}, {self.value(encode_any(c.values[0]))})"
            return f"contains({name}, {self._value(Attribute(c.attribute, kind[0]), c.values[0])})"
        raise ToyError("ErrInvalidOperator", f"{self.model.name}.{c.attribute}: an unknown operator")

    def _value(self, attribute: Attribute, value: Any) -> str:
        return self.value(self.model.stored_value(attribute, value))

    def _count(self, c: Condition, wanted: int) -> None:
        if len(c.values) != wanted:
            raise self._invalid(f"{c.operator} of {c.attribute} takes {wanted} values")

    def _fits(self, c: Condition, holds: bool) -> None:
        if not holds:
            raise self._invalid(f"{c.operator} of {c.attribute} could never hold")

    def _invalid(self, text: str) -> ToyError:
        return ToyError("ErrInvalidQuery", f"{self.model.name}: {text}")


def _rank(stored: dict) -> Any:
    (kind, value), = stored.items()
    return Decimal(value) if kind == "N" else value.encode() if kind == "S" else base64.b64decode(value)
