"""Audiences as rules read them: who is in one, as of an event's time and as known when it was received.

A condition says `"veterans" in audiences`. That is read as an attribute of the member which nobody can declare,
`audience:veterans`, so that it is asked for, kept and explained as attributes are.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from services.scoring.rules.domain import counters
from services.scoring.rules.domain.attributes import (
    MEMBER,
    Declared,
    Known,
    MemberKey,
    Said,
    as_of,
    names_read,
    said_of,
    values_of,
)
from services.scoring.rules.domain.qualities import VALUES, said_of_event
from shared.conditions.absences import with_absences
from shared.conditions.compiling import variables_of
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, compiled, context_of, holds
from shared.conditions.parser import parse
from shared.conditions.tokens import Kind
from shared.conditions.tree import Call, Chain, Index, Literal, Loop, Name, Node, free_names, walk, written
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Audience, AudienceMeasure, Programme
from shared.near_names import suggestion

#: What conditions call the audiences that a member is in.
AUDIENCES: Final = "audiences"
#: What stands before an audience's id where it is read as an attribute; no attribute's name has a colon.
PREFIX: Final = "audience:"
_NEVER: Final = Condition(compiled("false"), ())
_SINCE = attrgetter("since")


def name_of(audience_id: str) -> str:
    """What an audience is called among attributes."""
    return PREFIX + audience_id


def id_of(name: str) -> str | None:
    """The audience that is called so among attributes; None for an attribute."""
    return name.removeprefix(PREFIX) if name.startswith(PREFIX) else None


def how_asked(name: str) -> str:
    """How conditions ask for what is called so among attributes: an audience, a counter, or an attribute."""
    audience_id, counter_id = id_of(name), counters.counter_of(name)
    if audience_id is not None:
        return f'"{audience_id}" in {AUDIENCES}'
    return f"{MEMBER}.{name}" if counter_id is None else f'{counters.COUNTER}("{counter_id}")'


def declared_audiences(ids: Iterable[str]) -> dict[str, str]:
    """Audiences as attributes that conditions may read: the type of each."""
    return {name_of(audience_id): "boolean" for audience_id in ids}


@dataclass(frozen=True, slots=True)
class CompiledAudience:
    """An audience ready to be asked.

    `attributes` are those that its condition reads. With `measures` it is by behaviour: decided when an event of
    the member is scored.
    """

    id: str
    title: str
    condition: Condition
    attributes: tuple[str, ...]
    measures: tuple[AudienceMeasure, ...]

    @property
    def name(self) -> str:
        """What it is called among attributes."""
        return name_of(self.id)

    @property
    def is_by_behaviour(self) -> bool:
        """Whether what members did decides, and not facts that were said of them alone."""
        return bool(self.measures)

    def holds_for(self, values: Mapping[str, Any]) -> bool:
        """Whether whoever has these attributes and measures is in it; what its condition lacks is no."""
        return holds(self.condition, context_of({}, self.condition.variables, values)) is True

    def at(self, of_member: Mapping[str, Sequence[Said]], *, event_time: datetime, received_at: datetime) -> Said:
        """Whether a member is in it by attributes alone, since when that is so and when it was said."""
        said = {
            name: one
            for name in self.attributes
            if (one := as_of(of_member.get(name, ()), event_time=event_time, received_at=received_at)) is not None
        }
        since = max((one.since for one in said.values()), default=event_time)
        said_at = max((one.said_at for one in said.values()), default=received_at)
        return Said(since, said_at, self.holds_for(values_of(said)))


def compile_audiences(programme: Programme, attributes: Declared) -> tuple[CompiledAudience, ...]:
    """The audiences of a published programme; whoever wrote a condition that is none has nobody in it."""
    return tuple(compile_audience(one, attributes) for one in programme.audiences or ())


def compile_audience(audience: Audience, attributes: Declared) -> CompiledAudience:
    """An audience of a programme that declares these attributes for rules."""
    declared = {**attributes, **measures_declared(audience.measures or ())}
    try:
        tree = with_absences(parse(audience.when))
        condition = Condition(compiled(written(tree)), variables_of(tree))
        read = names_read(tree, declared)
    except ConditionError:
        condition, read = _NEVER, ()
    if not set(condition.variables) <= {MEMBER}:
        condition = _NEVER
    return CompiledAudience(
        audience.id,
        audience.title,
        condition,
        tuple(name for name in read if name in attributes),
        tuple(audience.measures or ()),
    )


def measures_declared(measures: Iterable[AudienceMeasure]) -> dict[str, str]:
    """Measures as attributes that an audience's condition may read: the type of each."""
    return {measure.id: "number" for measure in measures}


def said_for(
    event: AcceptedEvent,
    names: Iterable[str],
    audiences: Sequence[CompiledAudience],
    member_id: str,
    known: Known,
) -> dict[str, Said]:
    """What is so of a member at the time of an event: attributes of these names, and whether in these audiences.

    What behaviour decides, and what counters are, was decided before, and is in `known`.
    """
    said = said_of(event, names, member_id, known)
    said |= said_of_event(event, names, known)
    decided = [name for name in names if counters.is_counter(name)]
    if not decided and not audiences:
        return said
    of_member = known.get(MemberKey(event["community"], member_id), {})
    for audience in audiences:
        if audience.is_by_behaviour:
            decided.append(audience.name)
        else:
            said[audience.name] = audience.at(of_member, event_time=event["time"], received_at=event["receivedat"])
    for name in decided:
        said.pop(name, None)
        of_name = of_member.get(name, ())
        place = bisect_right(of_name, event["time"], key=_SINCE)
        if place:
            said[name] = of_name[place - 1]
    return said


def read_tree(expression: str, declared: Declared) -> Node:
    """The tree of an expression, in which what it asks of audiences, counters and quality is asked of the member.

    Raises ConditionError when it is not CEL, or asks for an audience or counter that isn't declared.
    """
    tree = parse(expression)
    if counters.COUNTER in expression:
        tree = _with_counters(tree, declared)
    if any(value in expression for value in VALUES):
        tree = _with_qualities(tree, declared)
    if AUDIENCES not in expression:
        return tree
    known = [audience_id for name in declared if (audience_id := id_of(name)) is not None]

    def asked_of_member(node: Node) -> Node | None:
        match node:
            case Chain(at=at, first=Literal(kind=Kind.TEXT, value=str(key)), rest=(("in", Name(name=name)),)) if (
                name == AUDIENCES
            ):
                if key not in known:
                    detail = f"there is no audience `{key}`; {suggestion(key, known)}"
                    if not known:
                        detail = "the programme declares no `audiences`"
                    raise ConditionError(detail, node.first.at)
                return Index(at, Name(at, MEMBER), Literal(at, Kind.TEXT, name_of(key)))
        return None

    found = _changed(tree, asked_of_member)
    if found is tree or found == tree:
        named = next((name for name in free_names(tree) if name.name == AUDIENCES), None)
        if named is not None:
            raise ConditionError(_ASKED, named.at)
        return tree
    for node in walk(found):
        if isinstance(node, Loop) and node.variable in (MEMBER, AUDIENCES):
            raise ConditionError(f"`{node.variable}` is the member's: call the item otherwise", node.at)
    for name in free_names(found):
        if name.name == AUDIENCES:
            raise ConditionError(_ASKED, name.at)
    return found


def _with_counters(tree: Node, declared: Declared) -> Node:
    known = [counter_id for name in declared if (counter_id := counters.counter_of(name)) is not None]

    def asked_of_member(node: Node) -> Node | None:
        match node:
            case Call(function=counters.COUNTER, target=None, arguments=arguments, at=at):
                match arguments:
                    case (Literal(kind=Kind.TEXT, value=str(key)),):
                        if key in known:
                            return Index(at, Name(at, MEMBER), Literal(at, Kind.TEXT, counters.name_of(key)))
                        detail = f"there is no counter `{key}`; {suggestion(key, known)}"
                        if not known:
                            detail = f"there are no `{counters.COUNTERS}` here to ask for"
                        raise ConditionError(detail, at)
                    case _:
                        detail = (
                            f'a counter is asked for by its id in quotes, as in `{counters.COUNTER}("answers")`'
                        )
                        raise ConditionError(detail, at)
        return None

    found = _changed(tree, asked_of_member)
    if found != tree:
        for node in walk(found):
            if isinstance(node, Loop) and node.variable == MEMBER:
                raise ConditionError(f"`{MEMBER}` is the member's: call the item otherwise", node.at)
    return found


_ASKED = f'`{AUDIENCES}` is asked for one by its id in quotes, as in `"veterans" in {AUDIENCES}`'


def _with_qualities(tree: Node, declared: Declared) -> Node:
    """The tree, in which `judge_trust` and `quality` are read of the member. Raises ConditionError."""
    asked = [name for name in free_names(tree) if name.name in VALUES]
    if not asked:
        return tree
    if VALUES[asked[0].name] not in declared:
        raise ConditionError(f"`{asked[0].name}` is known once the programme has a section `quality`", asked[0].at)
    for node in walk(tree):
        if isinstance(node, Loop) and node.variable in (MEMBER, *VALUES):
            raise ConditionError(f"`{node.variable}` is not the loop's: call the item otherwise", node.at)

    def asked_of_member(node: Node) -> Node | None:
        if isinstance(node, Name) and node.name in VALUES:
            return Index(node.at, Name(node.at, MEMBER), Literal(node.at, Kind.TEXT, VALUES[node.name]))
        return None

    return _changed(tree, asked_of_member)


def _changed(node: Node, change: Callable[[Node], Node | None]) -> Node:
    changed = change(node)
    if changed is not None:
        return changed
    # Trees differ in their fields: whatever is a node within them is looked at.
    inside: dict[str, Any] = {one.name: _inside(getattr(node, one.name), change) for one in fields(node)}
    return replace(node, **inside)


def _inside(value: Any, change: Callable[[Node], Node | None]) -> Any:
    if isinstance(value, tuple):
        return tuple(_inside(one, change) for one in value)
    return _changed(value, change) if isinstance(value, Node) else value
