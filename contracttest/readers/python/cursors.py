"""cursors.json: canonical queries, and cursors, plain and sealed."""

import base64
import functools
import hashlib
import json
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from forms import compact, number_order, raw, unbase64
from refusal import Refusal, UnknownForm

LONGEST = 64 * 1024
MOST = {"partition": 2048, "sort": 1024}


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def digest(canonical):
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def refuse():
    return Refusal("ErrInvalidCursor")


class Query:
    """A query of the file, as far as its cursors need it."""

    def __init__(self, vector, models):
        self.members = vector["members"]
        self.q = digest(compact(self.members))
        self.bound = b"theorydb cursor 1\0" + self.members["table"].encode()
        self.index = self.members.get("index")
        model = models[vector["model"]]
        sources = [model["keys"]]
        if self.index is not None:
            sources += [x for x in model["indexes"] if x["name"] == self.index]
        self.attributes = {}
        for source in sources:
            for half in MOST:
                if half in source:
                    name = source[half]["attribute"]
                    self.attributes.setdefault(name, (source[half]["type"], MOST[half]))
        self.partition = sources[-1]["partition"]["attribute"]
        self.sort = sources[-1].get("sort", {}).get("attribute")

    def content(self, last_key):
        members = {"lastKey": last_key, "q": self.q}
        if self.index is not None:
            members["index"] = self.index
        return compact(members)

    def resume(self, text, key):
        """The key behind which a cursor begins."""
        content = unseal(text, key, self.bound)
        try:
            parsed = json.loads(content.decode())
            same = compact(parsed).encode() == content
        except (ValueError, RecursionError):
            raise refuse() from None
        if not same or not isinstance(parsed, dict) or set(parsed) - {"index"} != {"lastKey", "q"}:
            raise refuse()
        if parsed["q"] != self.q or ("index" in parsed) != (self.index is not None) or parsed.get("index") != self.index:
            raise refuse()
        last = parsed["lastKey"]
        if not isinstance(last, dict) or set(last) != set(self.attributes):
            raise refuse()
        for name, (kind, most) in self.attributes.items():
            check_key_value(last[name], kind, most)
        if order(last[self.partition]) != order(self.members["partition"]):
            raise refuse()
        if self.sort and not in_range(self.members["sort"], last[self.sort]):
            raise refuse()
        return last


def unseal(text, key, bound):
    """What a cursor encodes."""
    if len(text) > LONGEST or not re.fullmatch(r"[A-Za-z0-9_-]+", text, re.ASCII) or len(text) % 4 == 1:
        raise refuse()
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(data) != text:
        raise refuse()
    if key is None:
        return data
    if len(data) < 28:
        raise refuse()
    try:
        return AESGCM(key).decrypt(data[:12], data[12:], bound)
    except InvalidTag:
        raise refuse() from None


def check_key_value(value, kind, most):
    if not isinstance(value, dict) or set(value) != {kind} or not isinstance(value[kind], str):
        raise refuse()
    try:
        order(value)
        data = unbase64(value["B"]) if kind == "B" else value[kind].encode()
    except (Refusal, UnknownForm):
        raise refuse() from None
    if not 0 < len(data) <= most:
        raise refuse()


def order(value):
    """What orders values of one type as DynamoDB does."""
    kind, x = next(iter(value.items()))
    return {"S": str.encode, "N": number_order, "B": unbase64}[kind](x)


def in_range(sort, value):
    operator, low, high, _ = sort
    key = order(value)
    if operator == "":
        return True
    low = order(low)
    if operator == "BETWEEN":
        return low <= key <= order(high)
    if operator == "begins_with":
        return key.startswith(low)
    return {"=": key == low, "<": key < low, "<=": key <= low, ">": key > low, ">=": key >= low}[operator]


def check_query(models, v):
    asked = {"descending": v.get("descending", False), "filter": v.get("filter"), "entity": models[v["model"]]["name"],
             "table": models[v["model"]].get("table", {}).get("name", v["table"])}
    if "index" in v:
        asked["index"] = v["index"]
    if "scope" in v:
        asked["scope"] = "#".join(v["scope"])
    rest = {name: x for name, x in v["members"].items() if name not in ("partition", "sort")}
    if rest != asked:
        raise UnknownForm("members that do not say what is asked")
    canonical = compact(v["members"])
    return {"canonical": canonical, "q": digest(canonical)}


def check_cursor(queries, v):
    query = queries[v["query"]]
    content = query.content(v["last_key"])
    return resumed(query, v, None, {"content": content, "cursor": base64url(content.encode())})


def check_sealed(queries, v):
    query, key, nonce = queries[v["query"]], bytes.fromhex(v["cursor_key"]), bytes.fromhex(v["nonce"])
    content = query.content(v["last_key"])
    sealed = nonce + AESGCM(key).encrypt(nonce, content.encode(), query.bound)
    return resumed(query, v, key, {"content": content, "cursor": base64url(sealed)})


def resumed(query, v, key, gives):
    if query.resume(v["cursor"], key) != v["last_key"]:
        raise UnknownForm("a cursor that resumes elsewhere")
    return gives


def check_refusal(queries, v):
    key = bytes.fromhex(v["cursor_key"]) if "cursor_key" in v else None
    return {"last_key": queries[v["query"]].resume(raw(v["cursor"]).decode(), key)}


def kinds(document):
    """The kinds of vectors, bound to the models and queries of the file."""
    models = document["models"]
    queries = {v["name"]: Query(v, models) for v in document["queries"]}
    asked = ("name", "model", "table", "scope?", "key", "index?", "sort?", "filter?", "descending?", "shard?", "members")
    return {
        "queries": (functools.partial(check_query, models), asked, ("canonical", "q"), None),
        "cursors": (functools.partial(check_cursor, queries), ("name", "query", "last_key", "record?"), ("content", "cursor"), None),
        "sealed": (
            functools.partial(check_sealed, queries), ("name", "query", "cursor_key", "nonce", "last_key"), ("content", "cursor"), None,
        ),
        "refusals": (functools.partial(check_refusal, queries), ("name", "query", "cursor_key?", "cursor"), (), None),
    }


BESIDE = ("models",)  # members of the file that are no vectors
