"""names.json: names of attributes and of key attributes."""

import unicodedata

from refusal import Refusal


def is_capital(letter):
    return unicodedata.category(letter) == "Lu"


def is_small(letter):
    return unicodedata.category(letter) == "Ll"


def lowered(text):
    """Each letter by itself and to one letter: no final sigma, no dot behind the i of U+0130."""
    return "".join(letter.lower()[0] for letter in text)


def begins_word(name, i):
    """Whether the capital in front of name[i], the last of a run, begins a word: a small letter follows that is no
    plural s."""
    if i >= len(name) or not is_small(name[i]):
        return False
    return name[i] != "s" or (i + 1 < len(name) and is_small(name[i + 1]))


def run_of_capitals(name, start):
    """Where the capitals end that belong to the word at start."""
    end = start
    while end < len(name) and is_capital(name[end]):
        end += 1
    return end - 1 if end - start > 1 and begins_word(name, end) else end


def camel_case(field):
    end = run_of_capitals(field, 0)
    return lowered(field[:end]) + field[end:]


def snake_case(field):
    words, at = [], 0
    while at < len(field):
        end = run_of_capitals(field, at)
        whole = end > at and end < len(field) and is_capital(field[end])
        if not whole:  # what follows the capitals is of the same word
            while end < len(field) and not is_capital(field[end]) and field[end] != "_":
                end += 1
        if end == at:
            at += 1  # an underscore
            continue
        words.append(lowered(field[at:end]))
        at = end
    return "_".join(words)


def index_prefix(index):
    return "".join(c.upper() for c in index if c.isascii() and c.isalnum())


def check_attribute(v):
    return {"camelCase": camel_case(v["field"]), "snake_case": snake_case(v["field"])}


def check_role(v):
    taken = ["PK", "SK"]
    if "index" in v:
        taken += [index_prefix(v["index"]) + half for half in taken]
    same = [name for name in taken if name.lower() == v["field"].lower()]
    return {"name": same[0] if same else camel_case(v["field"])}


def check_key(v):
    prefix = index_prefix(v["index"])
    return {"partition": prefix + "PK", "sort": prefix + "SK"}


def check_clash(v):
    a, b = v["indexes"]
    if index_prefix(a) == index_prefix(b):
        raise Refusal("ErrInvalidModel")
    return {}


KINDS = {
    "attributes": (check_attribute, ("field",), ("camelCase", "snake_case"), None),
    "roles": (check_role, ("field", "role", "index?"), ("name",), None),
    "keys": (check_key, ("index",), ("partition", "sort"), None),
    "clashes": (check_clash, (), (), ("indexes", "ErrInvalidModel")),
}
