"""The codec of components: each byte 00 to 25 is percent-encoded, upper-case, and no other."""

from refusal import Refusal


def encode_text(data):
    return b"".join(b"%%%02X" % c if c <= 0x25 else bytes([c]) for c in data)


def decode_text(data, name="ErrTypeMismatch"):
    """The way back. What encode_text gives for no text is refused. Takes and gives what it was given: str or bytes."""
    if isinstance(data, str):
        return decode_text(data.encode(), name).decode()
    out = bytearray()
    i = 0
    while i < len(data):
        if data[i] != 0x25:
            if data[i] < 0x25:
                raise Refusal(name)
            out.append(data[i])
            i += 1
            continue
        pair = data[i + 1:i + 3]
        if len(pair) < 2 or any(c not in b"0123456789ABCDEF" for c in pair) or int(pair, 16) > 0x25:
            raise Refusal(name)
        out.append(int(pair, 16))
        i += 3
    return bytes(out)
