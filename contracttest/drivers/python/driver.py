#!/usr/bin/env python3
"""The driver of toydb: version 1 of the driver protocol (contracttest/PROTOCOL.md) on standard input and output."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import traceback
from decimal import Decimal, InvalidOperation
from typing import Any, Optional

sys.dont_write_bytecode = True  # the driver leaves nothing behind in a checkout

import toydb  # noqa: E402

HELLO = {
    "protocol": 1,
    "driver": "toydb for Python 1",
    "strengths": ["basic", "concurrent"],
    "ops": ["create", "get", "put", "update", "delete"],
}

# The members of a request by its op, beside those that every request has.
EVERY = {"id", "now", "no_wait", "table", "op"}
MEMBERS = {
    "hello": set(),
    "open": {"open"},
    "create_table": set(),
    "close": set(),
    "create": {"model", "item"},
    "get": {"model", "key", "consistent"},
    "put": {"model", "item", "only_if", "if_version", "returning"},
    "update": {"model", "item", "fields", "only_if", "if_version", "returning"},
    "delete": {"model", "key", "only_if", "if_version", "any_version", "returning"},
}
OPEN = {"endpoint", "region", "logical_table", "ttl_attribute", "key", "scope_keys", "models"}
CONDITION = {"operator", "attribute", "values", "comparer", "operands"}


class Problem(Exception):
    """The driver could not do what was asked: nothing is shown about the library."""


class Clock:
    """The clock of a table: what the last request said, and never back."""

    def __init__(self) -> None:
        self.lock, self.now = threading.Lock(), None

    def set(self, now: int) -> None:
        with self.lock:
            self.now = now if self.now is None else max(self.now, now)

    def __call__(self) -> int:
        with self.lock:
            return self.now


class Driver:
    """Answers requests. Several threads may ask at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tables: dict[str, toydb.Table] = {}
        self.clocks: dict[str, Clock] = {}

    def answer(self, request: dict) -> dict:
        """The answer to a request, whatever happens."""
        answer = {"id": request["id"]}
        try:
            answer.update(self.carry_out(request))
        except Problem as problem:
            answer["problem"] = str(problem)
        except toydb.ToyError as error:
            answer["error"] = {"names": error.names, "text": str(error)}
        except Exception:  # a bug of ours must not leave the runner waiting
            traceback.print_exc()
            answer["problem"] = "the driver failed; its standard error has more"
        return answer

    def carry_out(self, request: dict) -> dict:
        """Does what a request says, and gives the members of its answer."""
        op = request.get("op")
        if op not in MEMBERS:
            raise Problem("an op that this driver does not know")
        only(request, EVERY | MEMBERS[op], op)
        if op == "hello":
            return {"hello": HELLO}
        name = request["table"]
        with self.lock:
            clock = self.clocks.setdefault(name, Clock())
        clock.set(toydb.parse_time(request["now"]))
        if op == "open":
            return self.open(name, request["open"], clock)
        with self.lock:
            table = self.tables.pop(name, None) if op == "close" else self.tables.get(name)
        if table is None:
            raise Problem("the table is not open")
        if op == "close":
            return {}
        if op == "create_table":
            table.make()
            return {}
        if request.get("model") not in table.models:
            raise Problem("the table has no such model")
        return verb(table, table.models[request["model"]], request)

    def open(self, name: str, said: dict, clock: Clock) -> dict:
        """Opens a table, anew where it is open. What toydb has no use for, such as KMS keys, it leaves alone."""
        only(said, OPEN, "open")
        endpoint = toydb.Endpoint(said["endpoint"], said["region"])
        table = toydb.Table(endpoint, name, said["ttl_attribute"], said["models"], clock)
        with self.lock:
            self.tables[name] = table
        return {}


def verb(table: toydb.Table, model: toydb.Model, request: dict) -> dict:
    """Calls the verb of a request."""
    op = request["op"]
    record = values_of(model, request.get("key" if op in ("get", "delete") else "item", {}))
    options: dict[str, Any] = {"if_version": request.get("if_version"), "returning": request.get("returning", False)}
    options["only_if"] = tuple(condition_of(model, c) for c in request.get("only_if", ()))
    item, old = None, None
    if op == "create":
        item = table.create(model, record)
    elif op == "get":
        item = table.get(model, record, request.get("consistent", False))
    elif op == "put":
        item, old = table.put(model, record, **options)
    elif op == "update":
        item, old = table.update(model, record, request.get("fields"), **options)
    else:
        old = table.delete(model, record, any_version=request.get("any_version", False), **options)
    return {name: answer_of(held) for name, held in (("item", item), ("old", old)) if held is not None}


def only(part: dict, known: set, what: str) -> None:
    """Refuses members that nobody here understands: to pass over one would be to do something else."""
    if unknown := sorted(set(part) - known):
        raise Problem(f"{what} has members that this driver does not know: {', '.join(unknown)}")


# --- Values: DynamoDB JSON on the lines, Python's own in toydb.

def values_of(model: toydb.Model, item: dict) -> dict:
    """A record of a request's item or key, as a caller would hold it."""
    return {name: value_of(model.attributes.get(name), value) for name, value in item.items()}


def value_of(attribute: Optional[toydb.Attribute], value: dict) -> Any:
    """A value of a request. Where it does not fit the attribute it is passed on: to refuse it is the library's work."""
    (kind, held), = value.items()
    if kind == "HEX":
        return bytes.fromhex(held).decode("utf-8", "surrogateescape")  # a text that can't be encoded again
    if kind == "B":
        return base64.b64decode(held, validate=True)
    if kind == "N":
        return number_of(attribute, held)
    if kind == "L":
        members = [value_of(None, member) for member in held]
        return set_of(members) if attribute and attribute.kind in ("SS", "NS", "BS") else members
    if kind == "M":
        return {name: value_of(None, member) for name, member in held.items()}
    if kind == "NULL":
        return None
    if kind in ("S", "BOOL"):
        return held
    raise Problem(f"a value of the kind {kind} in a request")


def number_of(attribute: Optional[toydb.Attribute], text: str) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Problem("a number that is none") from None
    if attribute and attribute.kind == "N" and attribute.format == "float":
        return float(number)
    # A whole number is an int for whoever declared one. The bound keeps 1E+999999 from filling the memory.
    whole = number.adjusted() < 400 and number == number.to_integral_value()
    if attribute and attribute.kind == "N" and attribute.format and whole:
        return int(number)
    return number


def set_of(members: list) -> Any:
    # A set would take 1 and true for one member, and holds no lists: they stay a list, for the library to refuse.
    kinds = {type(member) for member in members}
    return set(members) if len(kinds) <= 1 and not kinds & {list, dict} else members


def condition_of(model: toydb.Model, said: dict) -> toydb.Condition:
    only(said, CONDITION, "a condition")
    name = said.get("attribute", "")
    attribute = model.attributes.get(name)
    if said.get("operator") == "size_of":
        attribute = toydb.Attribute(name, "N", "int")
    elif said.get("operator") == "contains":
        attribute = None  # a member of it is meant
    return toydb.Condition(
        said.get("operator", ""), name, tuple(value_of(attribute, v) for v in said.get("values", ())),
        said.get("comparer", ""), tuple(condition_of(model, o) for o in said.get("operands", ())))


def answer_of(record: dict) -> dict:
    """The values of a record, for an answer."""
    return {name: answer_value(value) for name, value in record.items()}


def answer_value(value: Any) -> dict:
    if isinstance(value, (set, frozenset)):  # of one kind; nobody minds the order
        return {"L": [answer_value(member) for member in value]}
    if isinstance(value, list):
        return {"L": [answer_value(member) for member in value]}
    if isinstance(value, dict):
        return {"M": answer_of(value)}
    return toydb.encode_any(value)


# --- Lines

def main() -> None:
    """Answers every line of standard input, each in a thread of its own, until it ends."""
    driver, writing, threads = Driver(), threading.Lock(), []

    def serve(request: dict) -> None:
        line = json.dumps(driver.answer(request), separators=(",", ":")).encode()
        with writing:
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()

    for line in sys.stdin.buffer:
        request = json.loads(line)
        if not isinstance(request, dict) or "id" not in request:
            sys.exit("a line is no request: it has no id")
        thread = threading.Thread(target=serve, args=(request,), daemon=True)
        thread.start()
        threads = [t for t in threads if t.is_alive()] + [thread]
    for thread in threads:
        thread.join(timeout=5 / len(threads))
    # What is still open then is not waited for: nobody is there to be answered.
    os._exit(0)


if __name__ == "__main__":
    main()
