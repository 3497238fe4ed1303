"""An export → the deliveries that the platform would have sent, one record after the other.

Files are read as often as needed: once for what others refer to, once for their records. What cannot be read or
made fails its record, and nothing else; what fails a file as a whole raises.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from connectors.engine import Delivery
from connectors.env import DELIVERY_STEPS_MAX_COUNT, LEFT, Env, spend
from connectors.exports import compiled
from connectors.exports.contents import BadRow, Content, Heading, Reading, Row, UnreadableError
from connectors.exports.finding import Found, Part
from connectors.exports.tables import Table
from connectors.exports.trees import records_of, root_of
from connectors.expressions import Expression
from connectors.failures import FAILURES, MappingError
from connectors.leaves import Leaf, shown
from connectors.texts import text_of
from shared.conditions.tree import Name, Select, walk

#: What is held in memory: records that are gathered, and those that others refer to.
GATHERED_MAX_COUNT = 500_000
TABLE_MAX_COUNT = 2_000_000


class Made(NamedTuple):
    """A delivery, and where in the export it came from."""

    place: str
    delivery: Delivery


class Broken(NamedTuple):
    """A record of which no delivery could be made; the reason holds nothing of it."""

    place: str
    reason: str


class Nothing(NamedTuple):
    """What is no record of anything that counts."""

    place: str
    reason: str


Cut = Made | Broken | Nothing


def cut(found: Found, settings: Mapping[str, Any], reading: Reading | None = None) -> Iterator[Cut]:
    """The deliveries of an export. Raises UnreadableError when a file cannot be read (any further)."""
    reading = reading or Reading()
    tables = _tables(found, settings)
    across: dict[int, _Groups] = {}
    for part in found.parts:
        if part.file.document.no_engagement is not None:
            yield Nothing(part.content.name, part.file.document.no_engagement)
            continue
        for name in part.file.document.reads:
            if name not in tables:
                raise UnreadableError(
                    f"{part.content.name}: it refers to {found.export.tables[name].document.file}, which is not "
                    "there; give both, or the folder with them"
                )
        gather = part.file.document.gather
        groups = across.setdefault(id(part.file), _Groups()) if gather and gather.across else _Groups()
        try:
            yield from _of_part(part, settings, tables, reading, groups)
        except UnreadableError as error:
            raise UnreadableError(f"{part.content.name}: {error}") from None
        if not (gather and gather.across):
            yield from _of_groups(groups)
    for groups in across.values():
        yield from _of_groups(groups)
    for content in found.others:
        yield Nothing(content.name, "it is none of the export's files that counts")


def _rows(
    part: Part, stream: io.BufferedReader, reading: Reading
) -> tuple[Mapping[str, Any], Iterator[Row | BadRow | Heading]]:
    """What stands before the records of a file, and these."""
    read = part.file.document
    if read.form == "csv":
        table = Table(stream, read, reading)
        return table.before, table.rows()
    return {}, records_of(read.form, stream, read.each)


class _Gathered(NamedTuple):
    """A record that belongs together with others: its place in their order, and what it is asked with."""

    first: Any
    number: int
    part: Part
    place: str
    env: Env


class _Groups:
    """Records by what is the same of them: no more in all than there is room for."""

    def __init__(self) -> None:
        self.by: dict[str, list[_Gathered]] = {}
        self._count = 0

    def add(self, key: str, one: _Gathered) -> None:
        """Keep a record. Raises UnreadableError when there is no room for more."""
        self._count += 1
        if self._count > GATHERED_MAX_COUNT:
            raise UnreadableError(f"more than {GATHERED_MAX_COUNT:,} records belong together; split the export")
        self.by.setdefault(key, []).append(one)


def _of_part(
    part: Part, settings: Mapping[str, Any], tables: Mapping[str, Any], reading: Reading, groups: _Groups
) -> Iterator[Cut]:
    name = part.content.name
    with part.content.open() as stream:
        before, rows = _rows(part, stream, reading)
        held: Env = {
            "file": {"name": name.rpartition("/")[2], **part.named},
            "before": dict(before),
            "tables": tables,
            "settings": settings,
        }
        for count, row in enumerate(rows):
            place = f"{name} {row.place}"
            if isinstance(row, BadRow):
                yield Broken(place, row.reason)
            elif isinstance(row, Heading):
                yield Nothing(place, "a heading")
            else:
                env = held | {"record": row.fields, "records": [row.fields], LEFT: DELIVERY_STEPS_MAX_COUNT}
                try:
                    key, record = _group(part.file.gather, env)
                except _FailedError as error:
                    yield Broken(place, _explained(part, error))
                    continue
                if key is None:
                    yield from _of_record(part, env, place)
                    continue
                groups.add(key[0], _Gathered(key[1], count, part, place, held | {"record": record}))


def _of_groups(groups: _Groups) -> Iterator[Cut]:
    """Those that belong together as one, in the order of the first of each."""
    for group in groups.by.values():
        group.sort(key=lambda one: one[:2])
    for group in sorted(groups.by.values(), key=lambda each: each[0][:2]):
        first = group[0]
        records = [one.env["record"] for one in group]
        env = first.env | {"records": records, LEFT: DELIVERY_STEPS_MAX_COUNT}
        yield from _of_record(first.part, env, first.place)


class _FailedError(Exception):
    """An expression that failed, and why."""

    def __init__(self, leaf: Leaf | None, detail: str) -> None:
        super().__init__(detail)
        self.leaf, self.detail = leaf, detail


def _value(leaf: Leaf, env: Env) -> Any:
    try:
        return leaf.expression.run(env)
    except FAILURES as error:
        raise _FailedError(leaf, _detail(error)) from None


def _detail(error: Exception) -> str:
    if isinstance(error, MappingError) and error.detail:
        return error.detail
    return "it cannot be worked out for this record"


def _group(gather: compiled.Gather | None, env: Env) -> tuple[tuple[str, Any] | None, Any]:
    """What a record is gathered by, and its place in the order, with what is kept; None: it stands for itself."""
    if gather is None or (gather.when is not None and _value(gather.when, env) is not True):
        return None, None
    by = _value(gather.by, env)
    if by is None:
        return None, None
    first = _value(gather.first, env)
    if not isinstance(first, str | int | datetime):
        raise _FailedError(gather.first, gather.first.expression.missing(env))
    return (text_of(by), first), env["record"] | {name: _value(leaf, env) for name, leaf in gather.keep}


def _of_record(part: Part, env: Env, place: str) -> Iterator[Cut]:
    for made in part.file.made:
        try:
            for _ in _rounds(made.each, env):
                if made.when is not None and _value(made.when, env) is not True:
                    continue
                spend(env, 10)
                headers = {name: _value(leaf, env) for name, leaf in made.headers}
                body = _body(made, env)
                said = {name: text_of(value) for name, value in headers.items() if value is not None}
                yield Made(place, Delivery(said, body, None))
        except _FailedError as error:
            yield Broken(place, _explained(part, error))
        except MappingError as error:
            yield Broken(place, error.detail)


def _rounds(each: Sequence[tuple[str, Leaf]], env: Env) -> Iterator[None]:
    """Once for each of the lists, within one another; what is no list has none."""
    if not each:
        yield
        return
    (name, leaf), *rest = each
    many = _value(leaf, env)
    for one in many if isinstance(many, list) else ():
        spend(env, 1)
        env[name] = one
        yield from _rounds(rest, env)


def _body(made: compiled.Made, env: Env) -> dict[str, Any]:
    try:
        body = made.body(env)
    except FAILURES:
        for leaf in made.leaves:
            _value(leaf, env)
        raise _FailedError(None, "it cannot be worked out for this record") from None
    return body if isinstance(body, dict) else {}


def _explained(part: Part, error: _FailedError) -> str:
    """What failed, with the column or field that it was about."""
    if error.leaf is None:
        return error.detail
    return f"{_field(part.file, error.leaf.expression)}{error.detail} ({shown(error.leaf.path)})"


def _field(file: compiled.File, expression: Expression) -> str:
    """The first field of a record that an expression reads, as its column is called."""
    for tree in expression.trees:
        for node in walk(tree):
            if isinstance(node, Select) and isinstance(node.operand, Name) and node.operand.name == "record":
                names = file.document.columns.get(node.field)
                return f"column {names[0]!r}: " if names else f"field {node.field}: "
    return ""


def _tables(found: Found, settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What records refer to, of the files that are there."""
    tables: dict[str, dict[str, Any]] = {}
    for name, table in found.export.tables.items():
        for content in found.contents:
            if _is_table(table, content):
                tables.setdefault(name, {}).update(_read_table(table, content, settings))
                break
    return tables


def _is_table(table: compiled.Table, content: Content) -> bool:
    if table.document.has is None:
        return table.name.fullmatch(content.name) is not None
    with content.open() as stream:
        return root_of(stream) == table.document.has


def _read_table(table: compiled.Table, content: Content, settings: Mapping[str, Any]) -> dict[str, Any]:
    read, kept = table.document, dict[str, Any]()
    with content.open() as stream:
        try:
            for row in records_of(read.form, stream):
                if isinstance(row, BadRow):
                    continue  # it is told of where the file's records are cut, or refers to nothing
                env: Env = {"record": row.fields, "settings": settings, "file": {}, LEFT: DELIVERY_STEPS_MAX_COUNT}
                key = _value(table.key, env)
                if key is not None:
                    kept[text_of(key)] = {
                        field: row.fields[field] for field in read.keep if row.fields.get(field) is not None
                    }
                if len(kept) > TABLE_MAX_COUNT:
                    raise UnreadableError(f"it has more than {TABLE_MAX_COUNT:,} records that others refer to")
        except UnreadableError as error:
            raise UnreadableError(f"{content.name}: {error}") from None
        except (_FailedError, *FAILURES) as error:
            raise UnreadableError(f"{content.name}: {error}") from None
    return kept
