"""envelopes.json: numbers and values as canonical bytes, and attributes that are sealed."""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from canonical import decode, encode, prefixed
from forms import canonical_number, members, unbase64
from refusal import Refusal, UnknownForm

PARTS = ("k", "edk", "kc", "nonce", "ct")


def selector(key_id):
    return hashlib.sha256(b"theorydb/kid\0" + key_id.encode()).hexdigest()[:16]


def context_bytes(context):
    members(context, ("table", "entity", "scope", "attribute", "pk"), ("sk",))
    named = b"".join(prefixed(context[n].encode()) for n in ("table", "entity", "scope", "attribute"))
    sort = b"\1" + key_bytes(context["sk"]) if "sk" in context else b"\0"
    return b"theorydb/enc/v2\0" + b"\1" + named + key_bytes(context["pk"]) + sort


def key_bytes(key):
    members(key, ("name", "value"))
    kind, x = next(iter(key["value"].items()))
    if len(key["value"]) != 1 or kind not in ("S", "N", "B"):
        raise UnknownForm("a key of another type")
    data = {"S": str.encode, "N": lambda n: canonical_number(n).encode(), "B": unbase64}[kind](x)
    return prefixed(key["name"].encode()) + kind.encode() + prefixed(data)


def schedule(data_key, context):
    okm = HKDF(algorithm=SHA256(), length=64, salt=None, info=context).derive(data_key)
    return okm[:32], okm[32:]


def seal(data_key, context, nonce, plaintext):
    key, commitment = schedule(data_key, context)
    return commitment, AESGCM(key).encrypt(nonce, plaintext, context)


def unseal(data_key, context, parts):
    """The plaintext of the parts, authentic but not yet taken for a value."""
    key, commitment = schedule(data_key, context)
    ct = bytes.fromhex(parts["ct"])
    if not hmac.compare_digest(commitment, bytes.fromhex(parts["kc"])) or len(ct) < 17:
        raise Refusal("ErrDecryptAuth")
    try:
        return AESGCM(key).decrypt(bytes.fromhex(parts["nonce"]), ct, context)
    except InvalidTag:
        raise Refusal("ErrDecryptAuth") from None


def check_selector(v):
    return {"selector": selector(v["key_id"])}


def check_number(v):
    return {"number": canonical_number(v["text"])}


def check_value(v):
    data = encode(v["value"])
    return {"bytes": encode(decode(bytes.fromhex(v["bytes"]))).hex()} if data.hex() == v["bytes"] else {"bytes": data.hex()}


def check_refused_value(v):
    return {"bytes": encode(v["value"]).hex()}


def check_refused_bytes(v):
    return {"value": decode(bytes.fromhex(v["bytes"]))}


def check_envelope(v):
    members(v["parts"], PARTS)
    context, data_key = context_bytes(v["context"]), bytes.fromhex(v["data_key"])
    nonce, plaintext = bytes.fromhex(v["parts"]["nonce"]), encode(v["value"])
    commitment, ct = seal(data_key, context, nonce, plaintext)
    opened = unseal(data_key, context, v["parts"])
    if encode(decode(opened)) != plaintext:
        raise UnknownForm("what was opened is another value")
    return {
        "context_bytes": context.hex(), "plaintext": opened.hex(),
        "parts.k": selector(v["key_id"]), "parts.kc": commitment.hex(), "parts.ct": ct.hex(),
    }


def check_refusal(v):
    members(v["parts"], PARTS)
    return {"value": decode(unseal(bytes.fromhex(v["data_key"]), context_bytes(v["context"]), v["parts"]))}


KINDS = {
    "selectors": (check_selector, ("key_id",), ("selector",), None),
    "numbers": (check_number, ("text",), ("number",), None),
    "refused_numbers": (check_number, (), (), ("text", "ErrInvalidValue")),
    "values": (check_value, ("value",), ("bytes",), None),
    "refused_values": (check_refused_value, ("name", "value"), (), (None, "ErrInvalidValue")),
    "refused_bytes": (check_refused_bytes, ("name", "bytes"), (), (None, "ErrInvalidEncryptedEnvelope")),
    "envelopes": (
        check_envelope, ("name", "data_key", "key_id", "context", "value"),
        ("context_bytes", "plaintext", "parts.k", "parts.kc", "parts.ct"), None,
    ),
    "refusals": (check_refusal, ("name", "data_key", "context", "parts"), (), None),
}
