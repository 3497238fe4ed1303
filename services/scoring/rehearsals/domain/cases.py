"""Cases of a programme: events as they are written for people, what has to come of them, and whether it does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.scoring.programmes.domain.mistakes import Mistake, mistake
from services.scoring.rehearsals.domain.playing import (
    History,
    Refused,
    is_targeting,
    known_of,
    play,
    points_by_person_and_rule,
)
from shared.contracts.activities import ACTIVITY_ADAPTER, ACTIVITY_TYPES, faults
from shared.contracts.activities.common import CONTRIBUTORS_MAX_COUNT
from shared.contracts.programme import Programme
from shared.located_yaml import Located, Mark, Path, YamlError, read_yaml
from shared.near_names import suggestion

CASES_MAX_COUNT = 200
EVENTS_OF_CASE_MAX_COUNT = 200
TIMES_MAX_COUNT = 1_000
SOURCE = "urn:cases"
#: When a case begins that says nothing: a Monday.
BEGINNING = datetime(2026, 3, 2, 10, tzinfo=UTC)

Name = Annotated[str, Field(min_length=1, max_length=100)]


class CaseEvent(BaseModel):
    """Something that happens in a case: `by` whom, to a `thing` `of` whom, or `answering` one `to` whom.

    `together_with` are its contributors.

    `at` is a minute after the event before unless it is said. It happens so many `times`, each `every_minutes`.
    `takes_back` is the `id` of the event that is taken back or restored.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    type: str
    by: Name | None = None
    of: Name | None = None
    to: Name | None = None
    together_with: Annotated[list[Name], Field(max_length=CONTRIBUTORS_MAX_COUNT)] = Field(default_factory=list)
    thing: Name | None = None
    answering: Name | None = None
    id: Name | None = None
    takes_back: Name | None = None
    at: Annotated[str, Field(max_length=40)] | None = None
    channel: Name = "import"
    times: Annotated[int, Field(ge=1, le=TIMES_MAX_COUNT)] = 1
    every_minutes: Annotated[int, Field(ge=0, le=525_600)] = 1
    bot: bool = False
    data: dict[str, Any] = Field(default_factory=dict)


class Case(BaseModel):
    """What has to come of events: who has how many points of which rule, and no one else any; and why not more.

    `known` are attributes of members, by name; `declines` the reasons of a rule that have to be among those given.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[str, Field(min_length=1, max_length=200)]
    known: dict[str, dict[str, Any]] = Field(default_factory=dict)
    events: Annotated[list[CaseEvent], Field(min_length=1, max_length=EVENTS_OF_CASE_MAX_COUNT)]
    gives: dict[str, dict[str, int]]
    declines: dict[str, list[str]] = Field(default_factory=dict)


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    cases: Annotated[list[Case], Field(min_length=1, max_length=CASES_MAX_COUNT)]


@dataclass(frozen=True, slots=True)
class Written:
    """Cases, with the line that each begins at, and their activities by case."""

    cases: list[Case]
    lines: list[int]
    activities: list[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: where it is not what was expected, how; and which rules gave something."""

    title: str
    line: int
    differences: list[str]
    gave: frozenset[str]


def read_cases(text: str, programme: Programme) -> Written | list[Mistake]:
    """Read the cases of a programme; returns them, or every mistake with its place."""
    if not text.strip():
        return [mistake(Mark(1, 1, 0), (), "the text is empty; it starts with `cases:`")]
    try:
        located = read_yaml(text, begins_with="cases")
    except YamlError as refused:
        return [mistake(refused.mark, refused.path, refused.detail)]
    try:
        document = _Document.model_validate(located.value)
    except ValidationError as invalid:
        return sorted(_mistake(located, one["loc"], one["type"], one["msg"]) for one in invalid.errors())
    mistakes = list(_names(located, document, programme))
    activities: list[list[dict[str, Any]]] = []
    for place, case in enumerate(document.cases):
        of_case: list[dict[str, Any]] = []
        for path, activity in _activities(case, ("cases", place)):
            of_case.append(activity)
            mistakes += _faults(located, path, activity, programme)
        activities.append(of_case)
    if mistakes:
        return sorted(set(mistakes))
    lines = [located.values[("cases", place)].line for place in range(len(document.cases))]
    return Written(document.cases, lines, activities)


def run_cases(programme: Programme, written: Written) -> Iterator[Outcome]:
    """Play each case by itself, and compare."""
    for case, line, activities in zip(written.cases, written.lines, written.activities, strict=True):
        history = History(lambda _, name: name)
        for activity in activities:
            history.add(activity)
        played = play(programme, history, known_of(case.known))
        given = points_by_person_and_rule(played.given)
        differences = list(_differences(case, given, played.refused))
        gave = frozenset(one.rule_id for one in played.given if one.points)
        yield Outcome(case.title, line, differences, gave)


def _differences(case: Case, given: Mapping[str, Mapping[str, int]], refused: Sequence[Refused]) -> Iterator[str]:
    pairs = {(person, rule_id) for said in (case.gives, given) for person in said for rule_id in said[person]}
    for person, rule_id in sorted(pairs):
        expected = case.gives.get(person, {}).get(rule_id, 0)
        got = given.get(person, {}).get(rule_id, 0)
        if got != expected:
            why = {_why(one) for one in refused if one.rule_id == rule_id and one.person == person}
            because = f" ({'; '.join(sorted(why))})" if why else ""
            yield f"{person} has {got} points of {rule_id}, not {expected}{because}"
    for rule_id, reasons in case.declines.items():
        met = {one.reason for one in refused if one.rule_id == rule_id}
        for reason in reasons:
            if reason not in met:
                others = ", ".join(sorted(met)) or "none"
                yield f"{rule_id} declined nothing as {reason}; its reasons were: {others}"


def _why(one: Refused) -> str:
    return f"{one.reason}: {one.detail}" if one.detail else one.reason


def _activities(case: Case, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """What a case's events are as a platform would send them, each with where it is written."""
    at, number = BEGINNING - timedelta(minutes=1), 0
    for place, event in enumerate(case.events):
        at = at + timedelta(minutes=1) if event.at is None else _time(event.at) or at
        for turn in range(event.times):
            number += 1
            at += timedelta(minutes=event.every_minutes if turn else 0)
            yield (*path, "events", place), _activity(event, number if event.id is None else event.id, at)


def _activity(event: CaseEvent, event_id: int | str, at: datetime) -> dict[str, Any]:
    data: dict[str, Any] = {"channel": event.channel, **event.data}
    if event.by is not None:
        data["actor"] = {"id": event.by} | ({"bot": True} if event.bot else {})
    for name, thing, author in (("object", event.thing, event.of), ("in_reply_to", event.answering, event.to)):
        if thing is not None or author is not None:
            data[name] = {"id": thing or f"{name}-of-{author}"}
            if author is not None:
                data[name]["author"] = {"id": author}
    if event.together_with:
        data["contributors"] = [{"id": name} for name in event.together_with]
    if event.takes_back is not None:
        data["target"] = {"source": SOURCE, "id": event.takes_back}
    return {
        "specversion": "1.0", "type": event.type, "source": SOURCE, "id": str(event_id), "time": at, "data": data,
    }  # fmt: skip


def _time(written: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _names(located: Located, document: _Document, programme: Programme) -> Iterator[Mistake]:
    """Times that are none, and rules that the programme has not."""
    rules = [rule.id for rule in programme.rules]
    for place, case in enumerate(document.cases):
        for number, event in enumerate(case.events):
            if event.at is not None and _time(event.at) is None:
                yield _at(
                    located,
                    ("cases", place, "events", number, "at"),
                    "expected a time with its zone, in quotes, as '2026-03-02T10:00:00Z'",
                )
        named: list[tuple[Path, str]] = [
            (("cases", place, "gives", person, rule), rule) for person, said in case.gives.items() for rule in said
        ]
        named += [(("cases", place, "declines", rule), rule) for rule in case.declines]
        for path, rule in named:
            if rule not in rules:
                yield _at(located, path, f"there is no rule `{rule}`; {suggestion(rule, rules)}")


def _faults(located: Located, path: Path, activity: Mapping[str, Any], programme: Programme) -> Iterator[Mistake]:
    """What a platform could not send so."""
    kind = activity["type"]
    own = [one.id for one in programme.events.types]
    if kind in own:
        return
    if kind not in ACTIVITY_TYPES:
        known = [*ACTIVITY_TYPES, *own]
        yield _at(located, (*path, "type"), f"there is no event type `{kind}`; {suggestion(kind, known)}")
        return
    if is_targeting(kind) and "target" not in activity["data"]:
        yield _at(located, path, "what takes back or restores says of which event: `takes_back: ID`")
        return
    if "actor" not in activity["data"] and not is_targeting(kind):
        yield _at(located, path, "who did it is missing: `by: NAME`")
        return
    data = {name: value for name, value in activity["data"].items() if name != "measures"}
    try:
        ACTIVITY_ADAPTER.validate_python({**activity, "data": data})
    except ValidationError as invalid:
        for fault in faults(invalid):
            if fault.place[:1] == ("data",):
                detail = f"`{'.'.join(map(str, fault.place))}` {fault.detail}"
                yield _at(located, (*path, *map(str, fault.place)), detail)
            else:
                yield _at(located, path, f"{'.'.join(map(str, fault.place))} {fault.detail}")


def _mistake(located: Located, path: Path, kind: str, detail: str) -> Mistake:
    if kind == "extra_forbidden":
        return _at(located, path, f"there is no field `{path[-1]}` here")
    if kind == "missing":
        return _at(located, path, f"the field `{path[-1]}` is missing here")
    return _at(located, path, detail[0].lower() + detail[1:])


def _at(located: Located, path: Path, detail: str) -> Mistake:
    """A mistake at a path, or at what is nearest around it."""
    place = path
    while place and place not in located.keys and place not in located.values:
        place = place[:-1]
    mark = located.keys.get(place) or located.values.get(place) or Mark(1, 1, 0)
    return mistake(mark, path, detail)
