"""What stands beside CloudEvents' own attributes: extensions are allowed and kept, slips of the pen are not.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#extension-context-attributes
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import takewhile
from typing import Any, Final

from shared.contracts.activities import ENVELOPE, REQUIRED, Fault
from shared.contracts.activities.common import EXTENSION_MAX_CHARS, EXTENSION_NAME, EXTENSION_NAME_MAX_CHARS
from shared.contracts.texts import written_out
from shared.near_names import near_name
from shared.traces import trace_id_of

EXTENSIONS_MAX_COUNT = 32
NAME_SHOWN_MAX_CHARS = 100
#: JSON's readers agree on whole numbers up to here (RFC 8259, section 6).
NUMBER_MAX: Final = 2**53 - 1
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
        elif isinstance(value, int | float) and not _is_written_alike(value):
            yield Fault((name,), f"a number is from -{NUMBER_MAX} to {NUMBER_MAX}; send a longer one as a text")


def there_is_no(name: str) -> str:
    """What to say first of a name that is not known; of a long one, how it begins."""
    return f"There is no field `{written_out(name[:NAME_SHOWN_MAX_CHARS])}` here"


def as_taken(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without extensions that are null, and without saying that its data are JSON."""
    return {
        name: value
        for name, value in event.items()
        if name != _DROPPED and (value is not None or name in ENVELOPE)
    }


def own_traceparent(event: Mapping[str, Any]) -> str | None:
    """What an event says of its trace; None where it says nothing, or nothing that W3C Trace Context takes."""
    said: str | None = event.get("traceparent")
    return said if trace_id_of(said) is not None else None


def extensions_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The extension attributes of an event: what CloudEvents does not define, or Plaudit does not read."""
    return {name: event[name] for name in sorted(event.keys() - ENVELOPE)}


def without_unset(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without optional attributes that are null: CloudEvents has that for not there."""
    return {name: value for name, value in event.items() if value is not None or name in REQUIRED}


def _is_written_alike(number: Any) -> bool:
    """Whether every reader of JSON reads the number as it is."""
    return abs(number) <= NUMBER_MAX if isinstance(number, int) else math.isfinite(number)


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
