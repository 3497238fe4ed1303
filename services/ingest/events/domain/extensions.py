"""What stands beside CloudEvents' own attributes: extensions are allowed and dropped, slips of the pen are not.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#extension-context-attributes
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import takewhile
from typing import Any, Final

from shared.contracts.activities import ENVELOPE, REQUIRED, Fault
from shared.contracts.activities.common import EXTENSION_MAX_CHARS, EXTENSION_NAME, EXTENSION_NAME_MAX_CHARS
from shared.contracts.texts import written_out
from shared.near_names import near_name

EXTENSIONS_MAX_COUNT = 32
NAME_SHOWN_MAX_CHARS = 100
#: An extension may be called almost as a shorter attribute is, such as `uid`.
TELLING_CHARS = 6
_NAME = re.compile(EXTENSION_NAME)
#: That its data are JSON is so for every event: said or not, it is the same event.
_DROPPED: Final = "datacontenttype"


def extension_faults(event: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the attributes of an event that are not CloudEvents' own."""
    extensions = event.keys() - ENVELOPE
    if len(extensions) > EXTENSIONS_MAX_COUNT:
        yield Fault((), f"an event may have at most {EXTENSIONS_MAX_COUNT} extension attributes")
        return
    for name in sorted(extensions):
        meant = _meant(name, event)
        value = event[name]
        if meant is not None:
            yield Fault((name,), f"{there_is_no(name)}; did you mean `{meant}`?")
        elif _NAME.match(name) is None:
            detail = (
                f"the name of an extension has lower-case letters and digits, at most {EXTENSION_NAME_MAX_CHARS}"
            )
            yield Fault((name,), f"{there_is_no(name)}; {detail}")
        elif isinstance(value, str) and len(value) > EXTENSION_MAX_CHARS:
            yield Fault((name,), f"an extension may have at most {EXTENSION_MAX_CHARS} characters")
        elif isinstance(value, dict | list):
            yield Fault((name,), "an extension is a text, a number or true or false")


def there_is_no(name: str) -> str:
    """What to say first of a name that is not known; of a long one, how it begins."""
    return f"There is no field `{written_out(name[:NAME_SHOWN_MAX_CHARS])}` here"


def without_extensions(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without its extensions, and without saying that its data are JSON."""
    return {name: value for name, value in event.items() if name in ENVELOPE and name != _DROPPED}


def without_unset(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without optional attributes that are null: CloudEvents has that for not there."""
    return {name: value for name, value in event.items() if value is not None or name in REQUIRED}


def _meant(name: str, event: Mapping[str, Any]) -> str | None:
    """The attribute that a name is one slip away from, unless that may as well be an extension's own.

    A name that no extension can have is an attribute written otherwise, if it is near one at all.
    """
    for attribute in _near(name):
        if len(attribute) >= TELLING_CHARS or (attribute in REQUIRED and attribute not in event):
            return attribute
    return near_name(name, sorted(ENVELOPE)) if _NAME.match(name) is None else None


@lru_cache(maxsize=1_000)
def _near(name: str) -> tuple[str, ...]:
    return tuple(sorted(attribute for attribute in ENVELOPE if _is_one_slip(name.lower(), attribute)))


def _is_one_slip(given: str, meant: str) -> bool:
    """Whether one character is missing, too many or another, or two are exchanged; or none but for its case."""
    begin = _alike_count(given, meant)
    end = _alike_count(given[begin:][::-1], meant[begin:][::-1])
    left, right = given[begin : len(given) - end], meant[begin : len(meant) - end]
    return (len(left) <= 1 and len(right) <= 1) or (len(left) == 2 and left[::-1] == right)


def _alike_count(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
