"""The functions that expressions of connectors may call, beside CEL's operators and loops.

None takes longer than its values are long; those that go through text or lists say what that costs.
"""

import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson

from connectors import commits, people
from connectors.env import DELIVERY_STEPS_MAX_COUNT
from connectors.failures import MappingError
from connectors.operators import COMPARED_CHARS, TEXT_MAX_CHARS, number

#: What a function that goes through text pays for: a step for so many characters.
STEP_CHARS = 50
SPLIT_MAX_COUNT = 1_000
#: Longer than any id that is taken, which are those of at most 255, so that a hash may be made of it.
KEY_MAX_CHARS = 2_048
#: Platforms write ids of numbers; a number with a fraction was read from one that lost its end.
_TAG = re.compile(r"<[^<>]*>")
_BREAKING_TAG = re.compile(r"<(?:br|/p|/li|/div|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_SECONDS = re.compile(r"([0-9]{1,20})(?:\.([0-9]{0,20}))?")
_WRITTEN_TIME = re.compile(
    r"(?:(?P<one>[0-9]{1,4})[-/.](?P<two>[0-9]{1,2})[-/.](?P<three>[0-9]{4}|[0-9]{1,2})"
    r"|(?P<name>[A-Za-z]{3,9})\.? (?P<named_day>[0-9]{1,2}),? (?P<named_year>[0-9]{4}))"
    r"(?:, ?| at | |T)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    r"(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: The end of the year 9999.
_LATEST_SECONDS = 253_402_300_800
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Places of currencies that have not two. https://www.iso.org/iso-4217-currency-codes.html, seen 2026-11-26
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_AMOUNT = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,15}))?")
#: Discord's own: milliseconds since 2015 stand above the lowest 22 bits of an id.
_SNOWFLAKE_EPOCH_MS = 1_420_070_400_000


@dataclass(frozen=True, slots=True)
class Function:
    """A function with `least` to `most` arguments, its target the first; null is given on only if it `takes_null`.

    `usage` and `does` are its line in docs/connectors.md. `goes_through` says how many steps values take.
    """

    call: Callable[..., Any]
    least: int
    most: int
    usage: str
    does: str
    takes_null: bool = False
    steps: int = 3
    goes_through: Callable[[Sequence[Any]], int] | None = None


def _through(values: Sequence[Any]) -> int:
    steps = 1
    for value in values:
        kind = type(value)
        if kind is str:
            steps += len(value) // STEP_CHARS
        elif kind is list or kind is dict:
            steps += len(value)
    return steps


def steps_through_all(values: Sequence[Any]) -> int:
    """Of values that are gone through to their leaves; of one without end as many as no delivery has."""
    if len(values) == 1 and type(values[0]) is str:
        return 1 + len(values[0]) // STEP_CHARS
    count, left = 1, list(values)
    while left and count <= DELIVERY_STEPS_MAX_COUNT:
        value = left.pop()
        count += 1 + (len(value) // STEP_CHARS if isinstance(value, str) else 0)
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return count


def text_of(value: Any) -> str:
    """A text, or a whole number as text. Raises MappingError for anything else."""
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


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MappingError("something else where text is needed")
    return value


def _key(*parts: Any) -> str | None:
    texts = [part if type(part) is str else text_of(part) for part in parts]
    return None if "" in texts else _as_key(texts)


def _key_with(*parts: Any) -> str:
    return _as_key([text for part in parts if part is not None and (text := text_of(part))])


def _as_key(texts: Sequence[str]) -> str:
    found = ":".join(texts)
    if len(found) > KEY_MAX_CHARS:
        raise MappingError(f"an id of more than {KEY_MAX_CHARS:,} characters; write digest(…) around a long part")
    return found


def _size(value: Any) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise MappingError("only text, lists and objects have a size")


def _sizes(*values: Any) -> int:
    return sum(len(value) for value in values if isinstance(value, list))


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MappingError("no number can be made of this")
    try:
        return int(value)
    except (ValueError, OverflowError):
        raise MappingError("text that is no whole number") from None


def _split(text: Any, separator: Any) -> list[str]:
    if not separator:
        raise MappingError("nothing is split at an empty text")
    return _text(text).split(_text(separator), SPLIT_MAX_COUNT)


def _join(values: Any, separator: Any = "") -> str:
    if not isinstance(values, list):
        raise MappingError("only a list is joined")
    texts = [text_of(value) for value in values if value is not None]
    if sum(map(len, texts)) + len(_text(separator)) * len(texts) > TEXT_MAX_CHARS:
        raise MappingError(f"text of more than {TEXT_MAX_CHARS:,} characters is not put together")
    return _text(separator).join(texts)


def _replace(text: Any, old: Any, new: Any) -> str:
    if len(_text(new)) > len(_text(old)) or not old:
        raise MappingError("replace() puts no longer text in the place of a shorter one")
    return _text(text).replace(old, new)


def _substring(text: Any, start: Any, end: Any = None) -> str:
    return _text(text)[_int(start) : None if end is None else _int(end)]


def moment(value: Any, zone: Any = None) -> datetime:
    """A time as a datetime. Raises MappingError for what is none, or has no zone and is given none."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise MappingError("a number is no time: write unix(…) or unix_ms(…) around it")
    try:
        found = datetime.fromisoformat(value[:-4] + "+00:00" if value.endswith(" UTC") else value)
        if found.tzinfo is None:
            if zone is None:
                raise MappingError("the time has no zone: write moment(…, 'Europe/Rome')")
            found = found.replace(tzinfo=ZoneInfo(zone))
    except (ValueError, LookupError, OSError):
        raise MappingError("this is not a time") from None
    return found


def _unix(value: Any, unit: int = 1) -> datetime:
    """Seconds since 1970, as a number or as text with a fraction; never by way of a float."""
    if type(value) is int and 0 <= value < _LATEST_SECONDS * unit:
        return _EPOCH + timedelta(seconds=value) if unit == 1 else _EPOCH + timedelta(milliseconds=value)
    text = value if type(value) is str else repr(value) if isinstance(value, float) else text_of(value)
    found = _SECONDS.fullmatch(text)
    if found is None:
        raise MappingError("this is not a number of seconds")
    whole, fraction = found.groups()
    micros = int((fraction + "000000")[:6]) if fraction else 0
    seconds, rest = divmod(int(whole), unit)
    try:
        return _EPOCH + timedelta(0, seconds, (rest * 1_000_000 + micros) // unit)
    except (ValueError, OverflowError, OSError):
        raise MappingError("this is not a number of seconds") from None


def _snowflake_time(value: Any) -> datetime:
    return _EPOCH + timedelta(milliseconds=(_int(value) >> 22) + _SNOWFLAKE_EPOCH_MS)


def _written_time(value: Any, order: Any, zone: Any) -> datetime:
    """A time as people write it, `order` saying which of day and month comes first. Raises MappingError."""
    if isinstance(value, datetime):
        return value
    found = _WRITTEN_TIME.fullmatch(" ".join(_text(value).split()))
    if found is None:
        raise MappingError("this is not a time such as 11/19/2021 9:54:15 AM")
    numbers = [found["one"], found["two"], found["three"]]
    if found["name"]:
        year, month, day = (
            found["named_year"],
            str(_MONTHS.index(found["name"][:3].lower()) + 1),
            found["named_day"],
        )
    elif len(numbers[0]) == 4:
        year, month, day = numbers
    elif order == "dmy":
        day, month, year = numbers
    else:
        month, day, year = numbers
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return datetime(
            int(year) + (2000 if len(year) == 2 else 0),
            int(month),
            int(day),
            hour,
            int(found["minute"]),
            int(found["second"] or 0),
            tzinfo=ZoneInfo(_text(zone)),
        )
    except (LookupError, OSError):
        raise MappingError("there is no such time zone: write it as Europe/Rome") from None
    except ValueError:
        other = "day before month" if order != "dmy" else "month before day"
        raise MappingError(f"there is no such day or time: is it written {other}?") from None


def _covered_minutes(spans: Any) -> int:
    """How many whole minutes lie in at least one of the spans, each a list of its begin and end."""
    ends = sorted((moment(span[0]), moment(span[1])) for span in spans if None not in span)
    total, until = timedelta(), None
    for begin, end in ends:
        since = begin if until is None or begin > until else until
        if end > since:
            total += end - since
            until = end
    return int(total.total_seconds() // 60)


def _merged(first: Any, second: Any) -> dict[str, Any]:
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise MappingError("only objects are merged")
    return first | second


def _latest(*values: Any) -> datetime | None:
    moments = [moment(value) for value in values if value is not None]
    return max(moments, default=None)


def _earliest(*values: Any) -> datetime | None:
    return min((moment(value) for value in values if value is not None), default=None)


def _listed(*values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found += value
        elif value is not None:
            found.append(value)
    return found


def _exponent(currency: Any) -> int:
    return _EXPONENTS.get(_text(currency), 2)


def _minor_units(amount: Any, currency: Any) -> int:
    """An amount as it is written, `12.50`, in the minor units of its currency; never by way of a float."""
    found = _AMOUNT.fullmatch(amount if type(amount) is str else text_of(amount))
    if found is None:
        raise MappingError("this is no amount: digits, and a point before what is less than one")
    sign, whole, fraction = found.groups()
    digits = _exponent(currency)
    rest = (fraction or "").rstrip("0")
    if len(rest) > digits:
        raise MappingError("the amount has more places than its currency")
    return int(f"{sign}{whole}{rest:0<{digits}}")


def _sum(values: Any) -> Any:
    if not isinstance(values, list):
        raise MappingError("only a list is summed up")
    return sum(number(value) for value in values if value is not None)


def _flat(lists: Any) -> list[Any]:
    """What is in the lists of a list, one list; what is no list is left out."""
    if not isinstance(lists, list):
        raise MappingError("only a list of lists is made flat")
    return [one for many in lists if isinstance(many, list) for one in many]


def _through_part(values: Sequence[Any]) -> int:
    """Of text from one place to another, if the end is said."""
    most = len(values[0]) if isinstance(values[0], str) else 0
    if len(values) == 3 and all(isinstance(place, int) and place >= 0 for place in values[1:]):
        most = min(most, max(values[2] - values[1], 0))
    return 1 + most // STEP_CHARS


def _through_compared(values: Sequence[Any]) -> int:
    return 1 + (len(values[1]) // COMPARED_CHARS if isinstance(values[1], str) else 0)


def _through_each(values: Sequence[Any]) -> int:
    return 1 + sum(1 + _through([one]) for many in values if isinstance(many, list) for one in many)


def _digest(value: Any) -> str:
    if type(value) is str:
        return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    plain = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(plain).hexdigest()[:16]


def _html_text(value: Any) -> str:
    return html.unescape(_TAG.sub("", _BREAKING_TAG.sub("\n", _text(value)))).strip()


def _host(value: Any) -> str | None:
    try:
        return urlsplit(_text(value)).netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return None


def _starts(text: Any, beginning: Any) -> bool:
    return _text(text).startswith(_text(beginning))


def _ends(text: Any, end: Any) -> bool:
    return _text(text).endswith(_text(end))


def _contains(text: Any, part: Any) -> bool:
    return _text(part) in _text(text)


FUNCTIONS: Mapping[str, Function] = {
    "key": Function(
        _key, 1, 8, 'key("post", body.post.id)', "an id of several parts, with colons; null if one is missing"
    ),
    "key_with": Function(
        _key_with,
        1,
        12,
        'key_with("issues:5", body.label.id)',
        "the same without the parts that are missing",
        takes_null=True,
    ),
    "string": Function(text_of, 1, 1, "string(7)", "a number, a time or true as text"),
    "int": Function(_int, 1, 1, 'int("7")', "text as a whole number"),
    "size": Function(_size, 1, 1, "size(body.commits)", "how many there are, or how many characters"),
    "sizes": Function(
        _sizes, 1, 8, "sizes(c.added, c.removed)", "how many there are in all lists", takes_null=True
    ),
    "startsWith": Function(
        _starts, 2, 2, 'text.startsWith("a")', "whether text begins so", goes_through=_through_compared
    ),
    "endsWith": Function(
        _ends, 2, 2, 'text.endsWith("a")', "whether text ends so", goes_through=_through_compared
    ),
    "contains": Function(_contains, 2, 2, 'text.contains("a")', "whether this is in text", goes_through=_through),
    "lowerAscii": Function(
        lambda text: _text(text).lower(), 1, 1, "text.lowerAscii()", "small letters", goes_through=_through
    ),
    "upperAscii": Function(
        lambda text: _text(text).upper(), 1, 1, "text.upperAscii()", "capital letters", goes_through=_through
    ),
    "trim": Function(
        lambda text: _text(text).strip(),
        1,
        1,
        "text.trim()",
        "text without blanks around it",
        goes_through=_through,
    ),
    "split": Function(_split, 2, 2, 'text.split(",")', "its parts", steps=10, goes_through=_through),
    "join": Function(
        _join, 1, 2, '["a", "b"].join(", ")', "one text; what is null is left out", goes_through=_through
    ),
    "replace": Function(
        _replace, 3, 3, 'text.replace("T", " ")', "the same or shorter text for another", goes_through=_through
    ),
    "substring": Function(
        _substring,
        2,
        3,
        "text.substring(0, 200)",
        "from one place to another",
        goes_through=_through_part,
    ),
    "moment": Function(moment, 1, 2, 'moment("2026-01-31 12:00:00", "Europe/Rome")', "a time that says no zone"),
    "written_time": Function(
        _written_time,
        3,
        3,
        'written_time("11/19/2021 9:54:15 AM", "mdy", "Europe/Rome")',
        "a time as people write it, day first (`dmy`) or month first (`mdy`)",
        steps=30,
    ),
    "covered_minutes": Function(
        _covered_minutes,
        1,
        1,
        "covered_minutes(records.map(r, [r.joined, r.left]))",
        "the whole minutes that lie in at least one of several spans",
        steps=20,
        goes_through=lambda values: 20 * _through(values),
    ),
    "merged": Function(
        _merged,
        2,
        2,
        'merged(record, {"channel": "C1"})',
        "one object of two; the second's fields hold",
        steps=10,
        goes_through=_through,
    ),
    "unix": Function(_unix, 1, 1, 'unix("1595926230.009600")', "seconds since 1970 as a time"),
    "unix_ms": Function(
        lambda value: _unix(value, 1000), 1, 1, "unix_ms(1595926230009)", "milliseconds since 1970 as a time"
    ),
    "snowflake_time": Function(_snowflake_time, 1, 1, "snowflake_time(body.id)", "the time in an id of Discord's"),
    "latest": Function(
        _latest, 1, 8, "latest(body.a, body.b)", "the latest of the times that there are", takes_null=True
    ),
    "earliest": Function(
        _earliest, 1, 8, "earliest(body.a, body.b)", "the earliest of the times that there are", takes_null=True
    ),
    "listed": Function(
        _listed,
        1,
        8,
        "listed(body.to, body.cc)",
        "one list: of what are lists all that is in them; what is missing is left out",
        takes_null=True,
        steps=10,
        goes_through=_through,
    ),
    "minor_units": Function(
        _minor_units,
        2,
        2,
        'minor_units("12.50", "EUR")',
        "an amount in its currency's minor units, by ISO 4217: 1250",
        steps=10,
    ),
    "exponent": Function(_exponent, 1, 1, 'exponent("JPY")', "how many places a currency has: 0, 2, 3 or 4"),
    "sum": Function(_sum, 1, 1, "sum([1, 2])", "numbers added; what is null is left out", goes_through=_through),
    "flat": Function(
        _flat, 1, 1, "flat(body.refunds.map(r, r.items))", "what is in lists, in one", goes_through=_through_each
    ),
    "digest": Function(
        _digest,
        1,
        1,
        "digest(body)",
        "16 digits of a hash of all of it, such as for an id with somebody's name in it",
        steps=20,
        goes_through=steps_through_all,
    ),
    "html_text": Function(
        _html_text,
        1,
        1,
        "html_text(body.content)",
        "text without tags and entities",
        steps=10,
        goes_through=_through,
    ),
    "host_name": Function(_host, 1, 1, "host_name(body.url)", "the host of a URL"),
    "forge_host": Function(
        people.host_of,
        1,
        4,
        "forge_host(body.repository.html_url)",
        "the host of the first URL that has one, an API's that of its forge",
        takes_null=True,
        steps=20,
    ),
    "forge_id": Function(
        people.account_id,
        2,
        3,
        'forge_id(host, 7, "gitlab")',
        "an account's or repository's id, with its host but for the main one",
    ),
    "account": Function(
        people.account_of,
        2,
        3,
        "account(body.sender, host)",
        "GitHub's user as a person, with `\"gitlab\"` GitLab's; null for a placeholder or organisation",
        takes_null=True,
        steps=20,
    ),
    "is_gone": Function(
        people.is_placeholder,
        2,
        2,
        "is_gone(body.sender, host)",
        "whether GitHub's user stands for an account that is gone",
        takes_null=True,
    ),
    "commit_people": Function(
        commits.commit_people,
        2,
        2,
        "commit_people(commit, salt)",
        "author and co-authors of a commit: `who`, `co_author`, `suffix` for the id; no bots",
        steps=100,
        goes_through=steps_through_all,
    ),
    "is_merge": Function(commits.is_merge, 1, 1, "is_merge(commit.message)", "whether a message is a merge's"),
    "is_squash": Function(
        commits.is_squash,
        2,
        2,
        "is_squash(commit.message, commit.committer.email)",
        "whether a forge made it of a pull request",
    ),
}
