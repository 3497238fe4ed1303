"""Exports of platforms, and deliveries kept in files, as sources of records: as their connector says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from connectors.bodies import BodyError
from connectors.compiled import Connector
from connectors.engine import Delivery, Outcome, State, checked, map_delivery, recognise, settings_of
from connectors.exports.contents import Content, Reading, UnreadableError
from connectors.exports.cutting import Broken, Made, cut
from connectors.exports.finding import Found, find, why_not
from connectors.failures import MappingError
from connectors.times import moment
from plaudit.importers.contents import Progress, beside, contents
from plaudit.importers.records import Bad, Mapped, Record, Skipped, Source, SourceError, Unsupported
from shared.near_names import suggestion

#: A file with a delivery is no larger than one may be.
DELIVERY_MAX_BYTES = 25 * 1024 * 1024
OTHER_COUNT = 3


@dataclass(frozen=True)
class Options:
    """How an export is read, and the settings that are given."""

    settings: dict[str, str] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)


def open_export(connector: Connector, paths: Sequence[Path], options: Options) -> Source:
    """An export as a source of records. Raises SourceError: no such file, or none of this connector's."""
    progress = Progress()
    files = contents(paths, progress)
    settings = checked_settings(connector, options.settings)
    try:
        found = find([connector], files, options.reading, beside(paths))
    except UnreadableError as error:
        raise SourceError(str(error)) from None
    if not found:
        raise SourceError(_nothing_found(connector, paths, files, options.reading))
    _check_needs(found[0], options.settings)
    return Source(_guarded(_records(found, settings, options)), progress.total_bytes, lambda: _position(progress))


def open_either(connector: Connector, paths: Sequence[Path], options: Options) -> Source:
    """An export, or files with a delivery each, as a source of records. Raises SourceError."""
    progress = Progress()
    files = contents(paths, progress)
    settings = checked_settings(connector, options.settings)
    try:
        found = find([connector], files, options.reading, beside(paths)) if connector.exports else []
    except UnreadableError as error:
        raise SourceError(str(error)) from None
    if found:
        _check_needs(found[0], options.settings)
        records = _records(found, settings, options)
    else:
        bodies = [one for one in files if one.name.lower().endswith(".json")]
        if not bodies:
            raise SourceError(_nothing_found(connector, paths, files, options.reading))
        records = _of_deliveries(connector, bodies, settings)
    return Source(_guarded(records), progress.total_bytes, lambda: _position(progress))


def check_settings(connectors: Sequence[Connector], given: Mapping[str, str]) -> None:
    """Raise SourceError for a setting that none of them has."""
    names = sorted({name for one in connectors for name in one.document.settings})
    for name in given:
        if name not in names:
            raise SourceError(f"there is no setting `{name}`; {suggestion(name, names)}")


def checked_settings(connector: Connector, given: Mapping[str, str]) -> dict[str, str | None]:
    """All settings of a connector. Raises SourceError for one that it does not have."""
    check_settings([connector], given)
    return settings_of(connector, given)


def outcomes(found: Found, settings: Mapping[str, Any], reading: Reading) -> Iterator[tuple[str, Outcome]]:
    """What becomes of each record of an export, and where it is. Raises UnreadableError."""
    for one in cut(found, settings, reading):
        if isinstance(one, Made):
            yield one.place, checked(map_delivery(found.connector, one.delivery, settings))
        elif isinstance(one, Broken):
            yield one.place, Outcome(State.INVALID, reason=one.reason)
        else:
            yield one.place, Outcome(State.NO_ENGAGEMENT, reason=one.reason)


def _position(progress: Progress) -> int:
    return min(progress.read_bytes, progress.total_bytes)


def _check_needs(found: Found, given: Mapping[str, str]) -> None:
    for name in found.export.document.needs:
        if not given.get(name):
            title = found.connector.document.settings[name].title
            raise SourceError(
                f"say --set {name}=…: ids are of one place, and nothing of it may count twice. {title}"
            )


def _nothing_found(connector: Connector, paths: Sequence[Path], files: Sequence[Content], reading: Reading) -> str:
    where = ", ".join(map(str, paths))
    if not files:
        return f"{where}: there is no file"
    if not connector.exports:
        return f"{connector.name} knows no export; give a folder of deliveries, one a file *.json"
    try:
        return f"{files[0].name}: {why_not(connector, files[0], reading)}"
    except UnreadableError as error:
        return f"{files[0].name}: {error}"


def _records(found: Sequence[Found], settings: Mapping[str, Any], options: Options) -> Iterator[Record]:
    for one in found:
        for place, outcome in outcomes(one, settings, options.reading):
            yield from records_of(place, outcome)


def records_of(place: str, outcome: Outcome) -> Iterator[Record]:
    """What became of a delivery, as records of an import."""
    yield from (Mapped(place, activity) for activity in outcome.activities)
    if outcome.state is State.INVALID:
        yield Bad(place, str(outcome.reason))
    elif outcome.state is State.UNMAPPED:
        yield Unsupported(place, str(outcome.reason))
    elif outcome.state is State.NO_ENGAGEMENT:
        yield Skipped(place, str(outcome.reason))


def _guarded(records: Iterator[Record]) -> Iterator[Record]:
    try:
        yield from records
    except UnreadableError as error:
        raise SourceError(str(error)) from None


def _of_deliveries(
    connector: Connector, files: Sequence[Content], settings: Mapping[str, Any]
) -> Iterator[Record]:
    for file in files:
        try:
            delivery = read_delivery(file)
        except BodyError as error:
            yield Bad(file.name, str(error))
            continue
        if not recognise([connector], delivery.headers, delivery.body):
            yield Skipped(file.name, f"it is no delivery of {connector.document.title}'s")
            continue
        yield from records_of(file.name, checked(map_delivery(connector, delivery, settings)))


def read_delivery(file: Content) -> Delivery:
    """A delivery from a file: its body, or `{"headers": {…}, "body": {…}, "received": …}`. Raises BodyError.

    Whoever keeps deliveries often writes a word beside the two, such as the topic.
    """
    try:
        with file.open() as stream:
            raw = stream.read(DELIVERY_MAX_BYTES + 1)
    except UnreadableError as error:
        raise BodyError(str(error)) from None
    if len(raw) > DELIVERY_MAX_BYTES:
        raise BodyError(f"the file is larger than {DELIVERY_MAX_BYTES:,} bytes")
    try:
        read = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise BodyError(f"line {error.lineno}, column {error.colno}: it is not JSON ({error.msg})") from None
    if not isinstance(read, dict):
        raise BodyError("the body is not a JSON object")
    headers, body, received = read.get("headers"), read.get("body"), read.get("received")
    beside = (value for name, value in read.items() if name not in {"headers", "body"})
    if not isinstance(headers, dict) or "body" not in read or any(isinstance(one, dict | list) for one in beside):
        return Delivery({}, read, None)
    if not isinstance(body, dict):
        raise BodyError("the body is not a JSON object")
    said = {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
    try:
        # Without it, what the platform gives no time of is refused: the time now would be another each time.
        return Delivery(said, body, None if received is None else moment(received))
    except MappingError as error:
        raise BodyError(f"received: {error.detail}") from None
