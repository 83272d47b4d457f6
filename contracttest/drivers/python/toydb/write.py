"""One write under a condition: what it stores, what must hold, and why it did not."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING, Optional

from .condition import Expression
from .errors import ToyError, printable
from .model import ENTITY, WRITE, Model
from .service import Refused
from .times import SECOND, format_time, parse_time
from .values import Attribute, decode, encode_any, value_size

if TYPE_CHECKING:
    from .table import Table

MAX_ITEM = 409_600  # bytes of names and values, the limit of the service


class Write(Expression):
    """One write under a condition: what it stores, what must hold, and why it did not."""

    def __init__(self, table: Table, model: Model, verb: str, record: dict, only_if: tuple = (),
                 if_version: Optional[int] = None):
        super().__init__(model)
        self.table, self.verb, self.record, self.conditions, self.if_version = table, verb, record, only_if, if_version
        self.now = table.clock()
        self.fixed: dict[str, Optional[dict]] = {}
        self.key = model.to_key(record)
        if if_version is not None and not model.version:
            raise self._invalid("a model without a version has none to compare")

    # What is stored

    def first_version(self) -> int:
        return self.model.version.first_version if self.model.version else 0

    def held_version(self) -> Optional[int]:
        """The version that must be stored, None for none."""
        if not self.model.version:
            return None
        held = self.record.get(self.model.version.name) if self.if_version is None else self.if_version
        if held is None:
            return None
        self.model.stored_value(self.model.version, held)
        return None if held == 0 and self.first_version() == 1 else held

    def held_created(self) -> Optional[int]:
        """The created_at that the caller holds, None for none."""
        role = self.model.created_at
        if not role or self.record.get(role.name) is None:
            return None
        return parse_time(self.model.stored_value(role, self.record[role.name])["S"])

    def marks(self, version: int, created: Optional[int]) -> dict:
        """What every write stores beside the caller's attributes."""
        model, marks = self.model, {ENTITY: {"S": self.model.name}, WRITE: encode_any(os.urandom(16))}
        if model.version:
            marks[model.version.name] = self.model.stored_value(model.version, version)
        if model.created_at and created is not None:
            marks[model.created_at.name] = {"S": format_time(created)}
        if model.updated_at:
            marks[model.updated_at.name] = {"S": format_time(self.now)}
        return marks

    def item(self, version: int, created: int) -> dict:
        """The whole item. Raises ErrItemTooLarge before anything is sent."""
        item = {**self.model.to_item(self.record), **self.marks(version, created)}
        if value_size({"M": item}) > MAX_ITEM + 3 + len(item):  # the service counts no overhead at the top
            raise ToyError("ErrItemTooLarge", f"{self.verb} {self.model.name}")
        return item

    def fields(self, fields: Optional[list]) -> set:
        """The names that an update writes."""
        model = self.model
        own = {r.name for r in (*model.key, model.version, model.created_at, model.updated_at) if r}
        if fields is None:
            return set(model.attributes) - own
        for name in fields:
            if name in (k.name for k in model.key):
                raise ToyError("ErrImmutable", f"Update {model.name}: {name} is a key")
            if name not in model.attributes or name in own:
                raise self._invalid(f"{printable(name)} is no field to write")
        if not fields:
            raise self._invalid("an update of no field")
        return set(fields)

    def refuse_append_only(self) -> None:
        if self.model.append_only:
            raise self._invalid(f"{self.verb} of a model that is written once")

    # What must hold

    def absent(self) -> str:
        return f"attribute_not_exists({self.name(self.model.key[0].name)})"

    def present(self) -> str:
        return f"attribute_exists({self.name(self.model.key[0].name)})"

    def expired(self) -> str:
        now = str(max(1, self.now // SECOND))
        return f"{self.name(self.table.ttl)} BETWEEN {self.value({'N': '1'})} AND {self.value({'N': now})}"

    def live(self) -> str:
        return f"NOT ({self.expired()})"

    def ours(self) -> str:
        name = self.name(ENTITY)
        return f"attribute_not_exists({name}) OR {name} = {self.value({'S': self.model.name})}"

    def version(self, held: Optional[int]) -> str:
        if not self.model.version:
            return ""
        name = self.name(self.model.version.name)
        if held is None:
            return f"attribute_not_exists({name})"
        equal = f"{name} = {self.value({'N': str(held)})}"
        return f"attribute_not_exists({name}) OR {equal}" if held == 0 else equal

    def created(self, held: Optional[int]) -> str:
        """The same incarnation: a row whose created_at has a foreign form is guarded by its version alone."""
        if not self.model.created_at:
            return ""
        name = self.name(self.model.created_at.name)
        if held is None:
            return f"attribute_not_exists({name})"
        return f"{name} = {self.value({'S': format_time(held)})} OR size({name}) <> {self.value({'N': '30'})}"

    def unchanged(self, names: list, item: dict) -> str:
        """What is immutable is stored as it is now, or not at all."""
        self.fixed, parts = {name: item.get(name) for name in names}, []
        for name, stored in self.fixed.items():
            text = f"attribute_not_exists({self.name(name)})"
            parts.append(f"{text} OR {self.name(name)} = {self.value(stored)}" if stored else text)
        return self.join(*parts)

    def only_if(self) -> str:
        return self.join(*map(self.condition, self.conditions))

    # What came of it

    def run(self, operation: str, body: dict, guard: str, causes: list, returning: bool = False) -> Optional[dict]:
        """Sends the write. Its answer is the record of before, where the caller asked and there was a live one.

        A record of before that can't be read is an error, though the write took effect.
        """
        body = {"TableName": self.table.name, **body, "ConditionExpression": guard,
                "ExpressionAttributeNames": self.names, "ExpressionAttributeValues": self.values,
                # The cause is known without a second request, whose answer could be of another moment.
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ReturnValues": "ALL_OLD" if returning else "NONE"}
        try:
            old = self.table.endpoint.call(operation, body, writes=True).get("Attributes")
        except Refused as refused:
            for cause in causes:
                cause(refused.item)
            raise ToyError("ErrConditionFailed", f"{self.verb} {self.model.name}: a condition failed") from None
        return self.model.to_record(old) if old and not self.table.is_expired(old, self.now) else None

    def missing(self, stored: dict) -> None:
        if not stored or self.table.is_expired(stored, self.now):
            raise ToyError("ErrItemNotFound", f"{self.verb} {self.model.name}: item not found", "ErrConditionFailed")

    def another(self, stored: dict) -> None:
        if not self.table.is_ours(self.model, stored):
            raise ToyError("ErrTypeMismatch", f"{self.verb} {self.model.name}: an item of another model")

    def exists(self, stored: dict) -> None:
        raise ToyError("ErrAlreadyExists", f"{self.verb} {self.model.name}: already exists")

    def stale(self, stored: dict) -> None:
        """Another version, or another life of the key."""
        version, created = self.model.version, self.model.created_at
        held, birth = self.held_version(), self.held_created()
        conflict = False
        if version:
            there = stored.get(version.name, {}).get("N")
            if there is None:
                conflict = bool(held)
            else:
                conflict = held is None or Decimal(there) != held
        if created:
            there = stored.get(created.name, {}).get("S")
            if birth is None:
                conflict = conflict or there is not None
            else:
                conflict = conflict or there is None or (len(there) == 30 and there != format_time(birth))
        if conflict:
            raise ToyError("ErrVersionConflict", f"{self.verb} {self.model.name}: version conflict")

    def changed(self, stored: dict) -> None:
        for name, wanted in self.fixed.items():
            if name in stored and not (wanted and _same(self.model.attributes[name], stored[name], wanted)):
                raise ToyError("ErrImmutable", f"{self.verb} {self.model.name}: {name} does not change")


def _same(attribute: Attribute, one: dict, other: dict) -> bool:
    # By meaning, since 1 and 1.0 are one number; a stored value of another type is another value.
    return one.keys() == other.keys() and decode(attribute, one) == decode(attribute, other)
