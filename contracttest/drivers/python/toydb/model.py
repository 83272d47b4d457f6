"""Models, read from their documents: between a record and an item."""

from __future__ import annotations

from decimal import InvalidOperation
from typing import Any, Optional

from .errors import ToyError, printable
from .values import SETS, Attribute, decode, encode, value_size

ENTITY, WRITE = "_t", "_w"  # whose an item is, and which call wrote it

KINDS = {"S", "N", "B", "BOOL", "L", "M", *SETS}
FORMATS = {"S": {"rfc3339nano"}, "N": {"int", "uint", "float", "unix_seconds"}}
ROLES = {"pk", "sk", "version", "ttl", "created_at", "updated_at"}


class Model:
    """A kind of record, read from its document. What toydb does not know in a document, it refuses."""

    def __init__(self, document: dict, ttl_attribute: str):
        self.name = document.get("name", "")
        self._only(document, {"name", "table", "keys", "attributes", "indexes", "write_policy"}, "the model")
        keys, policy = document.get("keys", {}), document.get("write_policy", {})
        self._only(keys, {"partition", "sort"}, "keys")
        self._only(policy, {"mode", "protected_attributes"}, "write_policy")
        if not self.name or "partition" not in keys:
            raise self._invalid("a model needs a name and a partition key")
        if document.get("indexes"):
            raise self._invalid("toydb has no indexes")
        self.attributes: dict[str, Attribute] = {}
        for part in document.get("attributes", []):
            attribute = self._attribute(part)
            if attribute.name in self.attributes:
                raise self._invalid(f"attribute {attribute.name} stands twice")
            self.attributes[attribute.name] = attribute
        self.key = [self._key(keys[part], role) for part, role in (("partition", "pk"), ("sort", "sk")) if part in keys]
        self.version = self._role("version", {"int", "uint"})
        self.ttl = self._role("ttl", {"unix_seconds"})
        self.created_at = self._role("created_at", {"rfc3339nano"})
        self.updated_at = self._role("updated_at", {"rfc3339nano"})
        expiry = self.attributes.get(ttl_attribute)
        if expiry is not self.ttl:
            raise self._invalid(f"attribute {ttl_attribute} is the expiry of the table, and only that")
        if policy.get("mode", "mutable") not in ("mutable", "write_once"):
            raise self._invalid("an unknown mode of write_policy")
        self.append_only = policy.get("mode") == "write_once"
        self.immutable = policy.get("protected_attributes") or []
        for name in self.immutable:
            if name not in self.attributes or self.attributes[name].roles:
                raise self._invalid(f"{name} can't be protected")

    def _invalid(self, text: str) -> ToyError:
        return ToyError("ErrInvalidModel", f"model {self.name}: {text}")

    def _only(self, part: Any, known: set, what: str) -> None:
        if not isinstance(part, dict):
            raise self._invalid(f"{what} is no object")
        if unknown := sorted(set(part) - known):
            raise self._invalid(f"{what} has what toydb does not know: {', '.join(unknown)}")

    def _attribute(self, part: dict) -> Attribute:
        known = {"attribute", "type", "required", "optional", "omit_empty", "roles", "format", "json"}
        self._only(part, known, f"attribute {part.get('attribute', '')}")
        roles = tuple("version" if role == "version:0" else role for role in part.get("roles", ()))
        attribute = Attribute(
            part.get("attribute", ""), part.get("type", ""), part.get("format", ""), part.get("required", False),
            part.get("omit_empty", False), part.get("json", False), roles,
            0 if "version:0" in part.get("roles", ()) else 1)
        fits = attribute.kind in KINDS and attribute.format in FORMATS.get(attribute.kind, set()) | {""}
        if attribute.name in ("", ENTITY, WRITE, "_v") or not fits:
            raise self._invalid(f"attribute {attribute.name}: a name, type or format that can't be")
        if set(attribute.roles) - ROLES or (attribute.json and (attribute.kind != "S" or attribute.roles)):
            raise self._invalid(f"attribute {attribute.name}: roles that toydb does not know")
        return attribute

    def _key(self, part: dict, role: str) -> Attribute:
        self._only(part, {"attribute", "type"}, "a key")
        attribute = self._role(role)
        fits = attribute and attribute.name == part.get("attribute") and attribute.kind == part.get("type")
        if not fits or attribute.kind not in ("S", "N", "B") or attribute.json:
            raise self._invalid(f"a key needs an attribute with the role {role} and its type")
        return attribute

    def _role(self, role: str, formats: Optional[set] = None) -> Optional[Attribute]:
        found = [a for a in self.attributes.values() if role in a.roles]
        if len(found) > 1 or any(len(a.roles) > 1 or (formats and a.format not in formats) for a in found):
            raise self._invalid(f"the role {role} is given twice, or to what can't have it")
        return found[0] if found else None

    # --- From a record to an item, and back

    def to_item(self, record: dict, names: Optional[set] = None) -> dict:
        """The stored form of a record, or of some of its attributes. Raises ErrInvalidValue."""
        if unknown := sorted(set(record) - set(self.attributes)):
            raise ToyError("ErrInvalidValue", f"{self.name} has no attribute {printable(unknown[0])}")
        item = {}
        for name, attribute in self.attributes.items():
            if names is None or name in names:
                stored = self._stored(attribute, record.get(name))
                if stored is not None:
                    item[name] = stored
        return item

    def _stored(self, attribute: Attribute, value: Any) -> Optional[dict]:
        if attribute.required and not value:
            raise ToyError("ErrInvalidValue", f"{self.name}.{attribute.name} is required")
        if value is None or (attribute.kind in SETS and value == set()):  # the service stores no empty set
            return None
        stored = self.stored_value(attribute, value)  # what does not fit is refused even if it would be left out
        return None if attribute.omit_empty and not value else stored

    def stored_value(self, attribute: Attribute, value: Any) -> dict:
        """The stored form of a value of an attribute."""
        try:
            return encode(attribute, value)
        except (ValueError, TypeError, InvalidOperation) as reason:
            text = f"{self.name}.{attribute.name}: {reason}"
        raise ToyError("ErrInvalidValue", text)

    def to_key(self, record: dict) -> dict:
        """The primary key of a record."""
        if unknown := sorted(set(record) - set(self.attributes)):
            raise ToyError("ErrInvalidValue", f"{self.name} has no attribute {printable(unknown[0])}")
        key = {}
        for attribute, longest in zip(self.key, (2048, 1024)):
            value = record.get(attribute.name)
            if value is None or value in ("", b""):
                raise ToyError("ErrKeyIncomplete", f"{self.name}.{attribute.name} is empty")
            key[attribute.name] = stored = self.stored_value(attribute, value)
            if "N" not in stored and value_size(stored) > longest:
                raise ToyError("ErrKeyTooLong", f"{self.name}.{attribute.name}")
        return key

    def to_record(self, item: dict) -> dict:
        """The record of an item. Attributes that the model does not have are left out."""
        record = {}
        for name, attribute in self.attributes.items():
            if name not in item:
                if attribute.required:
                    raise ToyError("ErrInvalidValue", f"{self.name}.{name} is missing in the stored item")
                continue
            try:
                record[name] = decode(attribute, item[name])
                continue
            except (ValueError, TypeError, InvalidOperation):
                pass  # the reason may hold the value
            raise ToyError("ErrInvalidValue", f"{self.name}.{name} does not fit in the stored item")
        return record
