"""Connectors made ready: every expression compiled once, mappings found by the event that they are for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from connectors import document
from connectors.closures import Scope, remembered
from connectors.env import Env, Run
from connectors.exports.compiled import Export, compile_export
from connectors.expressions import compile_expression
from connectors.leaves import Leaf, Path, PlaceError
from connectors.texts import text_of
from connectors.times import moment
from shared.conditions.errors import ConditionError
from shared.conditions.tree import Name, Node, Select
from shared.contracts.activities import RESTORED_TYPE, RETRACTED_TYPE, TYPES
from shared.near_names import suggestion

#: What every expression may read.
NAMES: Final = frozenset({"headers", "body", "settings", "event", "received"})
#: How much all expressions of one connector may take, each asked once.
CONNECTOR_STEPS_MAX_COUNT = 500_000
_FIELDS: Final = {kind.name: kind.envelope.__annotations__["data"] for kind in TYPES}
_TARGETING: Final = {"retract": RETRACTED_TYPE, "restore": RESTORED_TYPE}


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity that can be made: `fields` are those of its data, `leaves` all its expressions."""

    path: Path
    type: str
    channel: str
    when: Run | None
    each: Sequence[tuple[str, Leaf]]
    otherwise: str | None
    id: Run | None
    target: Run | None
    source: Run
    time: Run
    fields: Sequence[tuple[str, Run]]
    reason: str | None
    nobody: str | None
    steps: int
    leaves: Sequence[Leaf]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping that can be asked: activities, or why there are none."""

    path: Path
    when: Leaf | None
    activities: Sequence[Activity]
    no_engagement: str | None


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector that can be asked. `document` is what its file says."""

    document: document.Document
    event: Leaf
    delivery_id: Leaf | None
    challenges: Sequence[tuple[Leaf, Run]]
    mappings: Mapping[str, Sequence[Mapped]]
    exports: Sequence[Export] = ()

    @property
    def name(self) -> str:
        return self.document.connector

    def mappings_of(self, event: str) -> Sequence[Mapped]:
        """The mappings for an event, in the order of the file."""
        exact = self.mappings.get(event)
        if exact is not None:
            return exact
        family = event
        while family:
            found = self.mappings.get(f"{family}.*")
            if found is not None:
                return found
            family = family.rpartition(".")[0]
        return self.mappings.get("*", ())


def compile_connector(read: document.Document) -> Connector:
    """Make a connector ready. Raises PlaceError at the first thing in it that cannot be used."""
    return _Compiler(read).connector()


class _Compiler:
    def __init__(self, read: document.Document) -> None:
        self._read = read
        self._scope = Scope(NAMES)
        self._steps = 0

    def connector(self) -> Connector:
        read = self._read
        for name, value in read.let.items():
            if name in self._scope.names:
                raise PlaceError(("let", name), f"`{name}` means something else already; take another name")
            run, leaves = self._value(value, ("let", name), self._scope)
            self._scope.lets[name] = remembered(run, name)
            self._scope.trees[name] = tuple(tree for leaf in leaves for tree in leaf.expression.trees)
            if isinstance(value, str) and _is_place(leaves[0].expression.trees[0]):
                self._scope.aliases[name] = leaves[0].expression.trees[0]
            self._scope = self._scope.with_name(name)
        source = self._leaf(read.source, ("source",), self._scope)
        before = replace(self._scope, names=self._scope.names - {"event"})
        event = self._leaf(read.event, ("event",), before)
        host = None if read.host is None else self._leaf(read.host, ("host",), self._scope)
        challenges = [
            (
                self._leaf(one.when, ("challenges", number, "when"), self._scope),
                self._value(one.answer, ("challenges", number, "answer"), self._scope)[0],
            )
            for number, one in enumerate(read.challenges)
        ]
        delivery_id = None
        if read.delivery_id is not None:
            delivery_id = self._leaf(read.delivery_id, ("delivery_id",), self._scope)
        made = [self._mapping(one, ("mappings", number), source, host) for number, one in enumerate(read.mappings)]
        exports = [
            compile_export(one, ("exports", number), read.settings, self._leaf, self._value)
            for number, one in enumerate(read.exports)
        ]
        if self._steps > CONNECTOR_STEPS_MAX_COUNT:
            raise PlaceError(
                (), f"its expressions take {self._steps:,} steps; all may take {CONNECTOR_STEPS_MAX_COUNT:,}"
            )
        return Connector(read, event, delivery_id, challenges, _by_event(read, made), exports)

    def _mapping(self, read: document.Mapping, path: Path, source: Leaf, host: Leaf | None) -> Mapped:
        when = None if read.when is None else self._leaf(read.when, (*path, "when"), self._scope)
        activities = [
            self._activity(one, (*path, "activities", number), source, host)
            for number, one in enumerate(read.activities or ())
        ]
        return Mapped(path, when, activities, read.no_engagement)

    def _activity(self, read: document.Activity, path: Path, source: Leaf, host: Leaf | None) -> Activity:
        scope, leaves = self._scope, []
        each = []
        for name, text in (read.each or {}).items():
            if name in scope.names:
                raise PlaceError(
                    (*path, "each", name), f"`{name}` means something else already; take another name"
                )
            leaf = self._leaf(text, (*path, "each", name), scope)
            each.append((name, leaf))
            scope = scope.with_name(name)
        runs: dict[str, Run] = {}
        for field_name in ("when", "id", "retract", "restore", "source", "time"):
            text = getattr(read, field_name)
            if text is not None:
                leaf = self._leaf(text, (*path, field_name), scope)
                leaves.append(leaf)
                runs[field_name] = leaf.expression.run
        fields: list[tuple[str, Run]] = [] if host is None else [("host", host.expression.run)]
        for field_name, value in (read.__pydantic_extra__ or {}).items():
            run, found = self._value(value, (*path, field_name), scope)
            leaves.extend(found)
            fields.append((field_name, run))
        targeting = next((name for name in _TARGETING if name in runs), None)
        kind = read.type or _TARGETING[str(targeting)]
        _check_fields(kind, read, path)
        if "source" not in runs:
            leaves.append(source)
        return Activity(
            path=path,
            type=kind,
            channel=read.channel or self._read.channel,
            when=runs.get("when"),
            each=each,
            otherwise=read.otherwise,
            id=runs.get("id"),
            target=None if targeting is None else runs[targeting],
            source=runs.get("source", source.expression.run),
            time=runs["time"],
            fields=fields,
            reason=read.reason,
            nobody=self._read.nobody,
            steps=10 + sum(leaf.expression.steps for leaf in leaves),
            leaves=leaves,
        )

    def _leaf(self, text: str, path: Path, scope: Scope) -> Leaf:
        try:
            expression = compile_expression(text, scope)
        except ConditionError as error:
            raise PlaceError(path, error.detail, error.offset) from None
        self._steps += expression.steps
        return Leaf(path, expression)

    def _value(self, value: Any, path: Path, scope: Scope) -> tuple[Run, list[Leaf]]:
        """How a field's value comes about; an object without its `id` is none, and null is left out."""
        if isinstance(value, str):
            leaf = self._leaf(value, path, scope)
            run = leaf.expression.run
            return (_as_id(run) if path[-1] == "id" else run), [leaf]
        if isinstance(value, list):
            parts = [self._value(one, (*path, number), scope) for number, one in enumerate(value)]
            runs = [run for run, _ in parts]
            return _list(runs), [leaf for _, leaves in parts for leaf in leaves]
        if isinstance(value, dict):
            named = {name: self._value(one, (*path, name), scope) for name, one in value.items()}
            items = [(name, run) for name, (run, _) in named.items()]
            return _object(items), [leaf for _, leaves in named.values() for leaf in leaves]
        return (lambda env: value), []


def _is_place(node: Node) -> bool:
    """Whether an expression only says where something lies."""
    while isinstance(node, Select) and not node.is_test:
        node = node.operand
    return isinstance(node, Name)


def _as_id(run: Run) -> Run:
    def as_id(env: Env) -> str | None:
        value = run(env)
        if value is None or value == "":
            return None
        return value if isinstance(value, str) else text_of(value)

    return as_id


def _list(runs: Sequence[Run]) -> Run:
    return lambda env: [value for run in runs if (value := run(env)) is not None] or None


def _object(items: Sequence[tuple[str, Run]]) -> Run:
    def made(env: Env) -> dict[str, Any] | None:
        found = {}
        for name, run in items:
            value = run(env)
            if value is None or (name == "bot" and value is False):
                if name == "id":
                    return None
                continue
            found[name] = value
        return found or None

    return made


def moment_of(value: Any) -> datetime:
    """A field `time`. Raises MappingError when it is none."""
    return value if type(value) is datetime else moment(value)


def _by_event(read: document.Document, made: Sequence[Mapped]) -> dict[str, Sequence[Mapped]]:
    """The mappings for each name that `on` lists, in the order of the file."""
    names = {name for one in read.mappings for name in one.on}
    return {
        name: [
            mapped
            for mapped, one in zip(made, read.mappings, strict=True)
            if any(is_of(name, on) for on in one.on)
        ]
        for name in names
    }


def is_of(event: str, on: str) -> bool:
    """Whether an event, or a family of them, is one that `on` names: itself, `family.*` or `*`."""
    return on in ("*", event) or (on.endswith(".*") and f"{event}.".startswith(on[:-1]))


def _check_fields(kind: str, read: document.Activity, path: Path) -> None:
    """Raise PlaceError when the contract of a type has no such field, or needs one that is not there."""
    data = _FIELDS.get(kind)
    if data is None:
        return  # a community's own: its programme says
    own = {"channel", "host", "reason", "target"}
    known: set[str] = set(data.__required_keys__ | data.__optional_keys__)
    said = set(read.__pydantic_extra__ or {})
    for name in sorted(said - known):
        raise PlaceError((*path, name), f"{kind} has no field `{name}`; {suggestion(name, sorted(known - own))}")
    for name in sorted(data.__required_keys__ - said - own):
        raise PlaceError(path, f"{kind} needs `{name}`")
    if read.reason is not None and read.type is not None:
        raise PlaceError((*path, "reason"), "only what retracts or restores has a `reason`")
