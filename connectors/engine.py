"""What becomes of a delivery: recognised, and mapped to activities. Pure: time and settings are arguments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from pydantic import ValidationError

from connectors.compiled import Activity, Connector, Mapped, moment_of
from connectors.env import DELIVERY_STEPS_MAX_COUNT, LEFT, Env, spend
from connectors.failures import FAILURES, MappingError
from connectors.leaves import Leaf, shown
from connectors.texts import text_of
from shared.contracts.activities import ACTIVITY_ADAPTER, ACTIVITY_TYPES, faults
from shared.contracts.placeholders import NOBODYS, is_placeholder

#: A push has at most 2,048 commits: each may be of five people.
ACTIVITIES_MAX_COUNT = 10_240
NOTES_MAX_COUNT = 4_096
ONLY_BOTS = "only bots take part"


class State(StrEnum):
    """What became of a delivery."""

    MAPPED = "mapped"
    NO_ENGAGEMENT = "no_engagement"
    UNMAPPED = "unmapped"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Fault:
    """What failed: where in the connector, which expression, and what the body lacks."""

    path: str
    expression: str | None
    detail: str

    def __str__(self) -> str:
        asked = f" ({self.expression})" if self.expression else ""
        return f"{self.path}{asked}: {self.detail}"


class Outcome(NamedTuple):
    """What became of a delivery: its activities as CloudEvents, or the reason why there are none.

    `notes` say of parts of it why they are no activity. With `faults` it is invalid as a whole; `activities` are
    then those that could be made all the same.
    """

    state: State
    event: str | None = None
    activities: Sequence[dict[str, Any]] = ()
    reason: str | None = None
    notes: Sequence[str] = ()
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came in: headers by their names in small letters, the body, and when."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    #: None where it is only read from a file: what needs the time of receipt is then invalid.
    received: datetime | None


class _NobodyError(Exception):
    """Nobody is named who did it, and the connector says that this counts nothing; the message is why."""


def recognise(
    connectors: Sequence[Connector], headers: Mapping[str, str], body: Mapping[str, Any]
) -> Sequence[Connector]:
    """The connectors that a delivery is of: one, none, or several that cannot be told apart.

    The one that asks for most of what is there is meant; a header says more than any key of the body.
    """
    best, found = 0, list[Connector]()
    for connector in connectors:
        weight = max(_weight(one.headers, one.body, headers, body) for one in connector.document.recognised_by)
        if weight > best:
            best, found = weight, [connector]
        elif weight == best and weight:
            found.append(connector)
    return found


def _weight(names: Sequence[str], keys: Sequence[str], headers: Mapping[str, str], body: Mapping[str, Any]) -> int:
    if all(name.lower() in headers for name in names) and all(_has(body, key) for key in keys):
        return 100 * len(names) + sum(1 + key.count(".") for key in keys)
    return 0


def _has(body: Any, key: str) -> bool:
    """Whether there is a key in the body, or a path of keys with dots between them."""
    for step in key.split("."):
        if not isinstance(body, Mapping) or step not in body:
            return False
        body = body[step]
    return True


def settings_of(connector: Connector, given: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """The settings of a connector: what is given, else what its file says."""
    declared = {name: setting.default for name, setting in connector.document.settings.items()}
    return declared | {name: value for name, value in (given or {}).items() if name in declared}


def challenge_answer(connector: Connector, delivery: Delivery, settings: Mapping[str, Any] | None = None) -> Any:
    """What a platform wants to hear that only tries the address; None for what is no challenge."""
    env = _env(delivery, settings_of(connector) if settings is None else settings)
    env["event"] = None
    for when, answer in connector.challenges:
        if when.expression.run(env) is True:
            return answer(env)
    return None


def delivery_id(connector: Connector, delivery: Delivery) -> str | None:
    """What the platform calls the delivery, where it does."""
    if connector.delivery_id is None:
        return None
    value = connector.delivery_id.expression.run(_env(delivery, {}) | {"event": None})
    return None if value is None else text_of(value)


def event_of(connector: Connector, delivery: Delivery, settings: Mapping[str, Any]) -> str | None:
    """What the platform calls what happened; None where it is not said, or cannot be worked out."""
    try:
        value = connector.event.expression.run(_env(delivery, settings))
        return None if value is None else text_of(value)
    except FAILURES:
        return None


def map_delivery(connector: Connector, delivery: Delivery, settings: Mapping[str, Any] | None = None) -> Outcome:
    """What becomes of a delivery, by the first mapping that is for it. Raises nothing for any body."""
    env = _env(delivery, settings_of(connector) if settings is None else settings)
    event: str | None = None
    at: Leaf | None = connector.event
    try:
        said = connector.event.expression.run(env)
        if said is None:
            return Outcome(
                State.UNMAPPED, reason=f"what happened is not said: {connector.event.expression.missing(env)}"
            )
        env["event"] = event = text_of(said)
        for mapped in connector.mappings_of(event):
            at = mapped.when
            if at is None or _holds(at, env):
                return _outcome(mapped, event, env)
    except FAILURES as error:
        assert at is not None  # noqa: S101 -- _outcome raises nothing
        return Outcome(State.INVALID, event, faults=[fault := _fault(at, error)], reason=str(fault))
    return Outcome(State.UNMAPPED, event, reason=f"no mapping is for {event!r}")


def checked(outcome: Outcome) -> Outcome:
    """The outcome, invalid where an activity breaks the contract of its type, where that is ours."""
    found, kept = list(outcome.faults), []
    for event in outcome.activities:
        try:
            if event["type"] in ACTIVITY_TYPES:
                ACTIVITY_ADAPTER.validate_python(event)
            if _is_nobodys(event["data"].get("actor")):
                found.append(Fault("/data/actor/id", None, NOBODYS))
                continue
            kept.append(event)
        except ValidationError as error:
            first = faults(error)[0]
            found.append(Fault("/" + "/".join(map(str, first.place)), None, first.detail))
    if len(found) == len(outcome.faults):
        return outcome
    return Outcome(State.INVALID, outcome.event, kept, str(found[0]), outcome.notes, found)


def _env(delivery: Delivery, settings: Mapping[str, Any]) -> Env:
    return {
        "headers": delivery.headers,
        "body": delivery.body,
        "settings": settings,
        "received": delivery.received,
        LEFT: DELIVERY_STEPS_MAX_COUNT,
    }


def _holds(leaf: Leaf, env: Env) -> bool:
    value = leaf.expression.run(env)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise MappingError("this is neither true nor false")


def _outcome(mapped: Mapped, event: str, env: Env) -> Outcome:
    if mapped.no_engagement is not None:
        return Outcome(State.NO_ENGAGEMENT, event, reason=mapped.no_engagement)
    made: list[dict[str, Any]] = []
    notes: list[str] = []
    found: list[Fault] = []
    for activity in mapped.activities:
        try:
            if not activity.each:
                spend(env, activity.steps)
                _make(activity, env, made, notes, found)
                continue
            for _ in _rounds(activity, 0, env, notes, found):
                _make(activity, env, made, notes, found)
        except FAILURES as error:
            found.append(_explained(activity, env, error))
    if found:
        return Outcome(State.INVALID, event, made, str(found[0]), notes, found)
    if not made:
        return Outcome(
            State.NO_ENGAGEMENT, event, reason=notes[0] if notes else "nothing in it counts", notes=notes
        )
    return Outcome(State.MAPPED, event, made, notes=notes)


def _rounds(activity: Activity, depth: int, env: Env, notes: list[str], found: list[Fault]) -> Iterator[None]:
    """Once for each of the lists of `each`, within one another; a list that is none is a fault of that round."""
    if depth == len(activity.each):
        spend(env, activity.steps)
        yield
        return
    name, leaf = activity.each[depth]
    try:
        many = leaf.expression.run(env)
    except FAILURES as error:
        found.append(_fault(leaf, error))
        return
    if not isinstance(many, list):
        missing = leaf.expression.missing(env) if many is None else "this is no list"
        found.append(Fault(shown(leaf.path), leaf.expression.text, missing))
        return
    if not many and depth == len(activity.each) - 1 and activity.otherwise and len(notes) < NOTES_MAX_COUNT:
        notes.append(activity.otherwise)
    for one in islice(many, ACTIVITIES_MAX_COUNT + 1):
        env[name] = one
        yield from _rounds(activity, depth + 1, env, notes, found)


def _make(activity: Activity, env: Env, made: list[dict[str, Any]], notes: list[str], found: list[Fault]) -> None:
    try:
        if activity.when is not None and activity.when(env) is not True:
            return
        event = _event(activity, env)
    except _NobodyError as nobody:
        if len(notes) < NOTES_MAX_COUNT:
            notes.append(str(nobody))
        return
    except FAILURES as error:
        fault = _explained(activity, env, error)
        if len(found) < NOTES_MAX_COUNT:
            found.append(fault)
        return
    if activity.target is None and _only_bots(event["data"]):
        notes.append(ONLY_BOTS)
        return
    if len(made) >= ACTIVITIES_MAX_COUNT:
        raise MappingError(f"more than {ACTIVITIES_MAX_COUNT:,} activities come of one delivery")
    made.append(event)


def _event(activity: Activity, env: Env) -> dict[str, Any]:
    data: dict[str, Any] = {"channel": activity.channel}
    for name, run in activity.fields:
        value = run(env)
        if value is not None:
            data[name] = value
    if _is_nobodys(data.get("actor")) and (activity.target is not None or activity.nobody is not None):
        del data["actor"]
    if activity.target is None and activity.nobody is not None and "actor" not in data:
        raise _NobodyError(activity.nobody)
    source, moment = activity.source(env), activity.time(env)
    if moment is None or source is None:
        raise MappingError("")
    time = moment_of(moment)
    if activity.target is None:
        assert activity.id is not None  # noqa: S101 -- the format holds it
        event_id = activity.id(env)
        if event_id is None or "actor" not in data:
            raise MappingError("")
    else:
        target = activity.target(env)
        if target is None:
            raise MappingError("")
        data["target"] = {"source": source, "id": text_of(target)}
        if activity.reason is not None:
            data["reason"] = activity.reason
        word = "retracted" if "retracted" in activity.type else "restored"
        event_id = f"{target}:{word}:{time.isoformat()}" if activity.id is None else activity.id(env)
        if event_id is None:
            raise MappingError("")
    return {
        "specversion": "1.0",
        "type": activity.type,
        "source": source,
        "id": event_id if isinstance(event_id, str) else text_of(event_id),
        "time": time,
        "data": data,
    }


def _is_nobodys(actor: Any) -> bool:
    """Whether who did it is known by an id alone that software writes where it knows none."""
    return isinstance(actor, dict) and isinstance(actor.get("id"), str) and is_placeholder(actor["id"])


def _only_bots(data: Mapping[str, Any]) -> bool:
    """Whether of all who are named none is a person."""
    if not data["actor"].get("bot"):
        return False
    for name in ("object", "in_reply_to"):
        author = data[name].get("author") if name in data else None
        if author is not None and not author.get("bot"):
            return False
    return True


def _fault(leaf: Leaf, error: Exception) -> Fault:
    detail = (
        error.detail
        if isinstance(error, MappingError) and error.detail
        else "it cannot be worked out for this body"
    )
    return Fault(shown(leaf.path), leaf.expression.text, detail)


def _explained(activity: Activity, env: Env, error: Exception) -> Fault:
    """Which expression of an activity failed: the first that raises, else the first without a needed value."""
    needed = {"id", "source", "time", "retract", "restore", "actor"}
    missing: Fault | None = None
    for leaf in activity.leaves:
        place = leaf.path[len(activity.path) :] if leaf.path[: len(activity.path)] == activity.path else leaf.path
        try:
            value = leaf.expression.run(env)
            if place[0] == "time" and value is not None:
                moment_of(value)
        except FAILURES as failure:
            return _fault(leaf, failure)
        is_needed = place[0] in needed and place[1:] in ((), ("id",))
        if (value is None or value == "") and is_needed and missing is None:
            missing = Fault(shown(leaf.path), leaf.expression.text, leaf.expression.missing(env))
    if missing is not None:
        return missing
    detail = error.detail if isinstance(error, MappingError) and error.detail else "it cannot be made of this body"
    return Fault(shown(activity.path), None, detail)
