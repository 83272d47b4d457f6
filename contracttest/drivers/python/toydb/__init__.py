"""A small, honest mapper from records to DynamoDB items, to show the driver protocol. It is no library to use.

It knows models with plain keys, a version, timestamps and an expiry, and the verbs create, get, put, update and delete.
It seals nothing, knows no scopes, no key templates and no indexes: a model that needs one of them is refused.

A record is a dict. A text is a str, a number an int, a float or a Decimal as the attribute's format says, bytes are
bytes, a set is a set, a time is RFC 3339 text, because datetime has neither nanoseconds nor a year 0.
"""

from .condition import Condition
from .errors import ToyError
from .model import Model
from .service import Endpoint
from .table import Table
from .times import parse_time
from .values import Attribute, encode_any

__all__ = ["Attribute", "Condition", "Endpoint", "Model", "Table", "ToyError", "encode_any", "parse_time"]
