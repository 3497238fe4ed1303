"""How a row of a table becomes an activity: which column, or which constant, fills which field.

A mapping is written as options (`--map actor=author --set type=code.commit.v1`) or as YAML:

    type: {value: code.commit.v1}
    channel: {value: code}
    actor: author
    time: {column: authored_at, format: iso}
    attributes.pull_request: {column: pull_request, as: int}
"""

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_type_hints

import orjson
import yaml

from connectors.people import actor
from plaudit.importers.records import Bad, Mapped, Record, SourceError, checked
from shared.contracts.activities import ACTIVITIES, ActivityData

#: Fields of the envelope and of people and things, by the names that mappings use.
STRUCTURE = (
    "id",
    "type",
    "time",
    "channel",
    "actor",
    "actor_name",
    "object",
    "object_url",
    "object_author",
    "object_author_name",
    "in_reply_to",
    "in_reply_to_url",
    "in_reply_to_author",
    "in_reply_to_author_name",
    "co_actors",
    "target_source",
    "target_id",
)
ATTRIBUTE = re.compile(r"^attributes\.[a-z][a-z0-9_]{0,62}$")
REQUIRED = ("type", "time", "channel", "actor")
OCCURRENCE_CACHE_KIB = 64 * 1024


def _own_fields() -> dict[str, type]:
    """The fields that event types add to every activity's, with their Python types, from the contracts."""
    fields: dict[str, type] = {}
    for activity in ACTIVITIES:
        data = get_type_hints(activity)["data"]
        for name, kind in get_type_hints(data).items():
            if name not in ActivityData.__annotations__ and kind in (int, bool, str):
                fields[name] = kind
    return fields


DATA_FIELDS = _own_fields()
TYPE_NAMES: Mapping[str, type] = {"int": int, "float": float, "bool": bool, "str": str}
_SEPARATORS = re.compile(r"[;|,\r\n]")
_ID_LIKE = re.compile(r"[0-9@]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
#: Times in numbers since 1970. Which it is, is said: a number alone does not tell seconds from milliseconds.
_UNITS_PER_SECOND = {"unix": 1, "unix_ms": 1_000}
BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class RowError(Exception):
    """A row can't become an event; the message is the reason."""


@dataclass(frozen=True)
class Filler:
    """Where a field's text comes from: a constant `value`, or a `column`; `kind` is what it becomes."""

    value: str | None = None
    column: str | None = None
    kind: type = str


@dataclass(frozen=True)
class TableMapping:
    """A whole mapping. `time_format` is iso, unix, unix_ms or a strptime format (naive times are UTC).

    `list_separator` stands between several people of a cell; without it see `listed`.
    """

    fillers: Mapping[str, Filler]
    time_format: str = "iso"
    list_separator: str | None = None


def convert(text: str, kind: type) -> Any:
    """A cell's text as int, float, bool or str. Raises ValueError."""
    if kind is bool:
        try:
            return BOOLEANS[text.strip().lower()]
        except KeyError:
            raise ValueError("is not true or false") from None
    try:
        return kind(text)
    except ValueError:
        raise ValueError("is not a whole number" if kind is int else "is not a number") from None


def parse_time(text: str, time_format: str) -> datetime:
    """An aware UTC time. Raises ValueError with what the text is not."""
    is_number = _NUMBER.fullmatch(text) is not None
    iso = time_format == "iso"
    if iso and is_number:
        raise ValueError("is not a time of the format 'iso': a bare number needs its unit, unix or unix_ms")
    try:
        if time_format in _UNITS_PER_SECOND:
            if not is_number:
                raise ValueError(text)
            return datetime.fromtimestamp(float(text) / _UNITS_PER_SECOND[time_format], UTC)
        moment = datetime.fromisoformat(text) if iso else datetime.strptime(text, time_format)  # noqa: DTZ007
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"is not a time of the format {time_format!r}") from None


def known_field(name: str) -> bool:
    """Whether a mapping may fill this field."""
    return name in STRUCTURE or name in DATA_FIELDS or ATTRIBUTE.match(name) is not None


def _filler(name: str, given: Any) -> Filler:
    """One entry of a mapping in YAML. Raises SourceError."""
    kind = DATA_FIELDS.get(name, str)
    if isinstance(given, str):
        return Filler(column=given, kind=kind)
    if isinstance(given, dict):
        unknown = given.keys() - {
            "value",
            "column",
            "format",
            "as",
            *(("separator",) if name == "co_actors" else ()),
        }
        if not unknown and ("value" in given) != ("column" in given):
            if "as" in given:
                if given["as"] not in TYPE_NAMES or not name.startswith("attributes."):
                    raise SourceError(f"mapping: {name}: `as` is int, float, bool or str, and for attributes")
                kind = TYPE_NAMES[given["as"]]
            if "value" in given:
                value = given["value"]
                if name.startswith("attributes.") and isinstance(value, (bool, int, float)):
                    kind = type(value)
                return Filler(value=str(value), kind=kind)
            return Filler(column=str(given["column"]), kind=kind)
    raise SourceError(f"mapping: {name}: write a column's name, or {{column: …}} or {{value: …}}")


def read_mapping(text: str) -> dict[str, Any]:
    """A mapping file's entries. Raises SourceError with line and column when it is not YAML."""
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SourceError(f"mapping: {error}") from None
    if not isinstance(entries, dict) or not all(isinstance(name, str) for name in entries):
        raise SourceError("mapping: the file must hold fields and what fills them, as `actor: author`")
    return entries


def build_mapping(
    entries: Mapping[str, Any], time_format: str | None = None, list_separator: str | None = None
) -> TableMapping:
    """Check the entries of a mapping: fields known, what every activity needs filled. Raises SourceError."""
    unknown = [name for name in entries if not known_field(name)]
    if unknown:
        fields = ", ".join([*STRUCTURE, *sorted(DATA_FIELDS), "attributes.<name>"])
        raise SourceError(f"mapping: there is no field {unknown[0]!r}; the fields are {fields}")
    missing = [name for name in REQUIRED if name not in entries]
    if missing:
        raise SourceError(
            f"mapping: nothing fills {', '.join(missing)}; name a column (--map {missing[0]}=COLUMN) "
            f"or a constant (--set {missing[0]}=VALUE)"
        )
    time_entry = entries["time"]
    if time_format is None and isinstance(time_entry, dict):
        time_format = time_entry.get("format")
    fillers = {name: _filler(name, given) for name, given in entries.items()}
    co_actors = entries.get("co_actors")
    if list_separator is None and isinstance(co_actors, dict):
        list_separator = co_actors.get("separator")
    if list_separator is not None and not (isinstance(list_separator, str) and list_separator):
        raise SourceError("mapping: co_actors: `separator` is one character or more")
    return TableMapping(fillers, time_format or "iso", list_separator)


def listed(text: str, separator: str | None = None) -> list[str]:
    """The people of a cell, each once.

    Without a `separator`, semicolons, bars, commas and line breaks separate, and blanks between words that each
    have a digit or an @, as ids and addresses have: "Grace Hopper" is one person.
    """
    if separator is None:
        parts: list[str] = []
        for one in _SEPARATORS.split(text):
            words = one.split()
            parts += words if all(_ID_LIKE.search(word) for word in words) else [one]
    else:
        parts = text.split() if separator.isspace() and separator != "\t" else text.split(separator)
    return list(dict.fromkeys(part for one in parts if (part := one.strip())))


class Occurrences:
    """Counts how often each digest was seen, on disk beyond a fixed amount of memory.

    A private SQLite database that is gone when it is closed. https://www.sqlite.org/inmemorydb.html
    """

    def __init__(self) -> None:
        # The reader may run in another thread than the one that made this, but never in two at once.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("pragma journal_mode = off")
        self._database.execute("pragma synchronous = off")
        self._database.execute(f"pragma cache_size = -{OCCURRENCE_CACHE_KIB}")
        self._database.execute("create table seen (digest blob primary key, n integer) without rowid")
        self._database.execute("begin")

    def count(self, digest: bytes) -> int:
        """How often this digest has now been seen: 1 for the first time."""
        row = self._database.execute(
            "insert into seen values (?, 1) on conflict (digest) do update set n = n + 1 returning n",
            (digest,),
        ).fetchone()
        return int(row[0])

    def close(self) -> None:
        self._database.close()


class RowMapper:
    """Turns rows into records. `columns` are the table's column names, in order.

    Raises SourceError when the mapping names a column that the table does not have.
    """

    def __init__(self, mapping: TableMapping, columns: Sequence[str], source: str) -> None:
        self._source = source
        self._occurrences = Occurrences()
        self._time_format = mapping.time_format
        self._list_separator = mapping.list_separator
        places = {name: index for index, name in enumerate(columns)}
        self._getters: dict[str, Callable[[Sequence[str]], Any]] = {}
        for field, filler in mapping.fillers.items():
            if filler.column is not None and filler.column not in places:
                raise SourceError(
                    f"mapping: {field}: there is no column {filler.column!r}; the columns are {', '.join(columns)}"
                )
            index = places[filler.column] if filler.column is not None else None
            self._getters[field] = _getter(field, filler, index)

    def close(self) -> None:
        self._occurrences.close()

    def records(self, place: str, row: Sequence[str]) -> Iterator[Record]:
        """The event of a row, and one more for each of its `co_actors`; or what is wrong with the row."""
        try:
            event, co_actors = self._event(row)
        except RowError as error:
            yield Bad(place, str(error))
            return
        record = checked(place, event)
        yield record
        if not isinstance(record, Mapped):
            return
        for who in co_actors:
            if who != event["data"]["actor"]["id"]:
                attributes = event["data"].get("attributes", {}) | {"co_author": True}
                data = event["data"] | {"actor": actor(who), "attributes": attributes}
                yield checked(place, event | {"id": f"{event['id']}#co:{who}", "data": data})

    def _event(self, row: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        filled = {field: value for field, get in self._getters.items() if (value := get(row)) not in ("", None)}
        for field in REQUIRED:
            if field not in filled:
                raise RowError(f"nothing for {field}: the column is empty")
        try:
            moment = parse_time(filled.pop("time"), self._time_format)
        except ValueError as error:
            raise RowError(f"time {error}") from None
        co_actors = listed(filled.pop("co_actors", ""), self._list_separator)
        event_id = filled.pop("id", None)
        data = _data(filled)
        event = {
            "specversion": "1.0",
            "type": filled["type"],
            "source": self._source,
            "time": moment,
            "data": data,
        }
        if event_id is None:
            digest = hashlib.sha256(orjson.dumps(event, option=orjson.OPT_SORT_KEYS)).digest()[:16]
            event_id = f"row:{digest.hex()}:{self._occurrences.count(digest)}"
        return event | {"id": event_id}, co_actors


def _getter(field: str, filler: Filler, index: int | None) -> Callable[[Sequence[str]], Any]:
    kind = filler.kind
    if index is None:
        try:
            constant = convert(filler.value or "", kind)
        except ValueError as error:
            raise SourceError(f"mapping: {field}: {filler.value!r} {error}") from None
        return lambda row: constant
    if kind is str:
        return lambda row: row[index].strip()

    def converted(row: Sequence[str]) -> Any:
        text = row[index].strip()
        try:
            return convert(text, kind) if text else None
        except ValueError as error:
            raise RowError(f"{field} {error}") from None

    return converted


def _data(filled: dict[str, Any]) -> dict[str, Any]:
    """The `data` of an event from the fields of a mapping that a row has filled."""
    data: dict[str, Any] = {
        "channel": filled["channel"],
        "actor": actor(filled["actor"], filled.get("actor_name")),
    }
    for field in ("object", "in_reply_to"):
        author = filled.get(f"{field}_author")
        if field in filled or author is not None:
            # A direct message has somebody it went to and nothing that it is about.
            thing: dict[str, Any] = {"id": filled.get(field) or f"member:{author}"}
            if author is not None:
                thing["author"] = actor(author, filled.get(f"{field}_author_name"))
            if f"{field}_url" in filled:
                thing["url"] = filled[f"{field}_url"]
            data[field] = thing
    if "target_id" in filled or "target_source" in filled:
        target = {"source": filled.get("target_source"), "id": filled.get("target_id")}
        data["target"] = {name: value for name, value in target.items() if value is not None}
    for field, value in filled.items():
        if field in DATA_FIELDS:
            data[field] = value
        elif field.startswith("attributes."):
            data.setdefault("attributes", {})[field.removeprefix("attributes.")] = value
    return data
