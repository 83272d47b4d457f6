"""Errors by the names of the contract."""

from __future__ import annotations



# An error that wraps another is that other one too.
WRAPPED = {
    "ErrAlreadyExists": "ErrConditionFailed",
    "ErrVersionConflict": "ErrConditionFailed",
    "ErrTypeMismatch": "ErrConditionFailed",
    "ErrImmutable": "ErrConditionFailed",
}


class ToyError(Exception):
    """What went wrong, by the contract's names. Its text holds names of things and never a value."""

    def __init__(self, name: str, text: str, *also: str):
        super().__init__(text)
        names = [name] if name else []
        if name in WRAPPED:
            names.append(WRAPPED[name])
        self.names = names + list(also)


def printable(name: str) -> str:
    """A name for an error's text, which may come from a caller and be no UTF-8."""
    return name.encode("utf-8", "replace").decode()
