"""Which of the names there are was meant by one that is not there, and which names there are."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

#: Longer ones are nobody's slip of the finger, and cost time to compare.
NAME_MAX_CHARS = 64
#: Twice the letters in common, of all letters. `chanel` for `channel` has 0.92, `minimum` for `maximum` 0.71.
ALIKE_MIN_RATIO = 0.8


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not there: the one that was meant, or else all of the `known`."""
    known = list(known)
    near = near_name(name, known)
    if near is not None:
        return f"did you mean `{near}`?"
    return f"known are {', '.join(known)}" if known else "it takes none"


def near_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that was meant: written otherwise, in another number, or with a slip of the finger.

    None where there is no such name, or several: no suggestion is better than a wrong one.
    """
    if len(name) > NAME_MAX_CHARS:
        return None
    words, known = _words(name), list(known)
    for alike in (_is_same, _has_same_stem, _has_slipped):
        near = [name for name in known if alike(words, _words(name))]
        if near:
            return near[0] if len(near) == 1 else None
    return None


def _words(name: str) -> list[str]:
    """`payoutIds`, `payout-ids` and `Payout_IDs` are the same two words."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", parts.lower())


def _is_same(words: Sequence[str], known: Sequence[str]) -> bool:
    return "".join(words) == "".join(known)


def _has_same_stem(words: Sequence[str], known: Sequence[str]) -> bool:
    return _stem(words) == _stem(known) != []


def _stem(words: Sequence[str]) -> list[str]:
    """The words without their number or that it is an id: of `payouts` and `payout_ids`, `payout`."""
    stem = [word.removesuffix("s") if len(word) > 3 else word for word in words]
    return stem[:-1] if stem and stem[-1] in ("id", "ids") else stem


def _has_slipped(words: Sequence[str], known: Sequence[str]) -> bool:
    if len(words) == len(known):  # `published_at` is not `published_by`, much as they have in common
        return all(map(_alike, words, known))
    return _alike("".join(words), "".join(known))


def _alike(word: str, known: str) -> bool:
    if word == known or (len(word) > 2 and sorted(word) == sorted(known)):
        return True
    return SequenceMatcher(None, word, known).ratio() > ALIKE_MIN_RATIO


def fields_at(schema: Mapping[str, Any], place: Sequence[str | int]) -> list[str]:
    """The fields of the object at a place in what a JSON Schema describes; none where that names none."""
    found = [schema]
    for part in place:
        found = [
            inner for shape in found for branch in _branches(shape, schema) for inner in _inside(branch, part)
        ]
    return list(
        dict.fromkeys(name for shape in found for branch in _branches(shape, schema) for name in _names(branch))
    )


def _branches(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a part of a schema may be: itself, what it refers to, or any of its alternatives."""
    if "$ref" in part:
        yield from _branches(schema["$defs"][part["$ref"].rsplit("/", 1)[-1]], schema)
    for alternative in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        yield from _branches(alternative, schema)
    yield part


def _inside(branch: Mapping[str, Any], part: str | int) -> Iterator[Mapping[str, Any]]:
    inner = branch.get("items") if isinstance(part, int) else branch.get("properties", {}).get(part)
    if isinstance(inner, Mapping):
        yield inner


def _names(branch: Mapping[str, Any]) -> Iterator[str]:
    yield from branch.get("properties", {})
