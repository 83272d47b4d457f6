"""A table and the verbs."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Callable, Optional

from .errors import ToyError
from .model import ENTITY, Model
from .service import Endpoint
from .times import SECOND
from .write import Write


class Table:
    """A table and its models. The clock gives nanoseconds since 1970; it is looked at once a call."""

    def __init__(self, endpoint: Endpoint, name: str, ttl: str, documents: list, clock: Callable[[], int]):
        self.endpoint, self.name, self.ttl, self.clock = endpoint, name, ttl, clock
        self.models: dict[str, Model] = {}
        for document in documents:
            model = Model(document, ttl)
            if model.name in self.models:
                raise ToyError("ErrInvalidModel", f"model {model.name} stands twice")
            self.models[model.name] = model
        if len({tuple((a.name, a.kind) for a in model.key) for model in self.models.values()}) != 1:
            raise ToyError("ErrInvalidModel", "the models of a table share its key")

    def make(self) -> None:
        """Makes the table, with expiry, and waits until it can be used."""
        keys = next(iter(self.models.values())).key
        self.endpoint.call("CreateTable", {
            "TableName": self.name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": a.name, "AttributeType": a.kind} for a in keys],
            "KeySchema": [{"AttributeName": a.name, "KeyType": role} for a, role in zip(keys, ("HASH", "RANGE"))],
        })
        for _ in range(120):
            if self.endpoint.call("DescribeTable", {"TableName": self.name})["Table"]["TableStatus"] == "ACTIVE":
                break
            time.sleep(0.5)
        specification = {"AttributeName": self.ttl, "Enabled": True}
        self.endpoint.call("UpdateTimeToLive", {"TableName": self.name, "TimeToLiveSpecification": specification})

    def get(self, model: Model, key: dict, consistent: bool = False) -> dict:
        """Reads a record. What has expired, swept or not, is not there."""
        body = {"TableName": self.name, "Key": model.to_key(key), "ConsistentRead": consistent}
        now = self.clock()
        item = self.endpoint.call("GetItem", body).get("Item")
        if not item or self.is_expired(item, now):
            raise ToyError("ErrItemNotFound", f"Get {model.name}: item not found")
        if not self.is_ours(model, item):
            raise ToyError("ErrTypeMismatch", f"Get {model.name}: an item of another model")
        return model.to_record(item)

    def create(self, model: Model, record: dict) -> dict:
        """Inserts, and nothing else. An expired item, of any model, blocks nothing."""
        write = Write(self, model, "Create", record)
        item = write.item(write.first_version(), write.now)
        left = model.to_record(item)  # before anything is sent: what was written must not be told as a failure
        write.run("PutItem", {"Item": item}, f"{write.absent()} OR {write.expired()}", [write.another, write.exists])
        return left

    def put(self, model: Model, record: dict, only_if: tuple = (), if_version: Optional[int] = None,
            returning: bool = False) -> tuple:
        """Inserts or replaces the whole item. The record's version, or if_version, must be the stored one."""
        write = Write(self, model, "Put", record, only_if, if_version)
        write.refuse_append_only()
        held = write.held_version()
        created = write.held_created()
        version = write.first_version() if held is None else held + 1
        item = write.item(version, write.now if created is None else created)
        guard = write.join(write.ours(), write.version(held), write.created(created),
                           write.unchanged(model.immutable, item))
        if only_if or if_version is not None:
            guard = write.join(write.present(), write.live(), guard, write.only_if())
        else:
            guard = f"{write.absent()} OR {write.expired()} OR ({guard})"
        causes = [write.another, write.stale, write.changed]
        if only_if or if_version is not None:
            causes.insert(0, write.missing)
        left = model.to_record(item)
        return left, write.run("PutItem", {"Item": item}, guard, causes, returning)

    def update(self, model: Model, record: dict, fields: Optional[list] = None, only_if: tuple = (),
               if_version: Optional[int] = None, returning: bool = False) -> tuple:
        """Writes the record, or some fields of it, over the item that is there. An absent attribute is removed."""
        write = Write(self, model, "Update", record, only_if, if_version)
        write.refuse_append_only()
        names = write.fields(fields)
        item = model.to_item(record, names)
        whole = model.to_item(record, set(record) | names)
        held, created = write.held_version(), write.held_created()
        marks = write.marks((held or 0) + 1, None)
        guard = write.join(write.present(), write.live(), write.ours(), write.version(held), write.created(created),
                           write.unchanged([n for n in model.immutable if n in names], item), write.only_if())
        sets = [f"{write.name(n)} = {write.value(v)}" for n, v in {**item, **marks}.items()]
        removes = [write.name(n) for n in sorted(names) if n not in item]
        text = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else "")
        left = model.to_record({**whole, **marks})
        return left, write.run("UpdateItem", {"Key": write.key, "UpdateExpression": text}, guard,
                               [write.missing, write.another, write.stale, write.changed], returning)

    def delete(self, model: Model, key: dict, only_if: tuple = (), if_version: Optional[int] = None,
               any_version: bool = False, returning: bool = False) -> Optional[dict]:
        """Deletes. An item that is not there is deleted already, unless a condition or if_version asks for one."""
        write = Write(self, model, "Delete", key, only_if, if_version)
        write.refuse_append_only()
        guards, causes = [write.ours()], [write.another]
        if not any_version or if_version is not None:
            guards += [write.version(write.held_version()), write.created(write.held_created())]
            causes.append(write.stale)
        if only_if or if_version is not None:
            guard = write.join(write.present(), write.live(), *guards, write.only_if())
        else:
            guard = f"{write.absent()} OR {write.expired()} OR ({write.join(*guards)})"
        if only_if or if_version is not None:
            causes.insert(0, write.missing)
        return write.run("DeleteItem", {"Key": write.key}, guard, causes, returning)

    def is_expired(self, item: dict, now: int) -> bool:
        """The same rule as in conditions: no number, 0 and less never expire."""
        stored = item.get(self.ttl, {}).get("N")
        return stored is not None and 1 <= Decimal(stored) <= max(1, now // SECOND)

    @staticmethod
    def is_ours(model: Model, item: dict) -> bool:
        """An item that nobody marked may be the model's: other writers know no marks."""
        return ENTITY not in item or item[ENTITY] == {"S": model.name}
