"""Texts, ids and numbers of a body, as the functions of expressions make them.

None takes longer than its values are long.
"""

import hashlib
import html
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors.failures import MappingError
from connectors.operators import TEXT_MAX_CHARS

SPLIT_MAX_COUNT = 1_000
#: Longer than any id that is taken, which are those of at most 255, so that a hash may be made of it.
KEY_MAX_CHARS = 2_048
_TAG = re.compile(r"<[^<>]*>")
_BREAKING_TAG = re.compile(r"<(?:br|/p|/li|/div|/h[1-6])\b[^<>]*>", re.IGNORECASE)


def text_of(value: Any) -> str:
    """A text, or a whole number as text; platforms write ids as either. Raises MappingError for anything else."""
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        raise MappingError("a number with a fraction, or larger than 64 bits, is no id: it may have lost digits")
    raise MappingError("an object or a list where text or a number is needed")


def plain_text(value: Any) -> str:
    """The text that a value is. Raises MappingError for anything else."""
    if not isinstance(value, str):
        raise MappingError("something else where text is needed")
    return value


def key(*parts: Any) -> str | None:
    """An id of several parts, with colons; None where one is empty. Raises MappingError where it is too long."""
    texts = [part if type(part) is str else text_of(part) for part in parts]
    return None if "" in texts else as_key(texts)


def key_with(*parts: Any) -> str:
    """The same without the parts that are missing."""
    return as_key([text for part in parts if part is not None and (text := text_of(part))])


def as_key(texts: Sequence[str]) -> str:
    """The parts of an id with colons. Raises MappingError for more than KEY_MAX_CHARS."""
    found = ":".join(texts)
    if len(found) > KEY_MAX_CHARS:
        raise MappingError(f"an id of more than {KEY_MAX_CHARS:,} characters; write digest(…) around a long part")
    return found


def whole_number(value: Any) -> int:
    """Text or a number as a whole number. Raises MappingError for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MappingError("no number can be made of this")
    try:
        return int(value)
    except (ValueError, OverflowError):
        raise MappingError("text that is no whole number") from None


def split(text: Any, separator: Any) -> list[str]:
    """The parts of a text. Raises MappingError for an empty separator."""
    if not separator:
        raise MappingError("nothing is split at an empty text")
    return plain_text(text).split(plain_text(separator), SPLIT_MAX_COUNT)


def join(values: Any, separator: Any = "") -> str:
    """The values as one text, without those that are None. Raises MappingError beyond TEXT_MAX_CHARS."""
    if not isinstance(values, list):
        raise MappingError("only a list is joined")
    texts = [text_of(value) for value in values if value is not None]
    if sum(map(len, texts)) + len(plain_text(separator)) * len(texts) > TEXT_MAX_CHARS:
        raise MappingError(f"text of more than {TEXT_MAX_CHARS:,} characters is not put together")
    return plain_text(separator).join(texts)


def replace(text: Any, old: Any, new: Any) -> str:
    """A text with another in the place of one; never a longer one, so that no text grows."""
    if len(plain_text(new)) > len(plain_text(old)) or not old:
        raise MappingError("replace() puts no longer text in the place of a shorter one")
    return plain_text(text).replace(old, new)


def substring(text: Any, start: Any, end: Any = None) -> str:
    """The text from one place to another, or to its end."""
    return plain_text(text)[whole_number(start) : None if end is None else whole_number(end)]


def digest(value: Any) -> str:
    """16 digits of the hash of a text, or of all of a value."""
    if type(value) is str:
        return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    plain = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(plain).hexdigest()[:16]


def html_text(value: Any) -> str:
    """Text without tags and entities; what breaks a line breaks it."""
    return html.unescape(_TAG.sub("", _BREAKING_TAG.sub("\n", plain_text(value)))).strip()


def host_name(value: Any) -> str | None:
    """The host of a URL; None where there is none."""
    try:
        return urlsplit(plain_text(value)).netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return None


def starts_with(text: Any, beginning: Any) -> bool:
    """Whether a text begins so."""
    return plain_text(text).startswith(plain_text(beginning))


def ends_with(text: Any, end: Any) -> bool:
    """Whether a text ends so."""
    return plain_text(text).endswith(plain_text(end))


def contains(text: Any, part: Any) -> bool:
    """Whether something stands in a text."""
    return plain_text(part) in plain_text(text)
