"""The cases of a connector: what its file says becomes of deliveries, compared with what does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors import document
from connectors.compiled import Connector
from connectors.engine import Delivery, Outcome, State, checked, map_delivery, settings_of
from connectors.exports.contents import Text, UnreadableError
from connectors.exports.cutting import Broken, Made, cut
from connectors.exports.finding import find
from shared.contracts.activities import RESTORED_TYPE, TARGETING_TYPES


@dataclass(frozen=True, slots=True)
class Failed:
    """A case that does not hold, and how."""

    case: str
    detail: str


def failures(connector: Connector) -> list[Failed]:
    """The cases of a connector that do not hold."""
    return [Failed(case.case, detail) for case in connector.document.cases for detail in _faults(connector, case)]


def delivery_of(said: document.Delivery) -> Delivery:
    """A delivery as a case has it."""
    headers = {name.lower(): value for name, value in said.headers.items()}
    return Delivery(headers, said.body, datetime.fromisoformat(said.received))


def deliveries_of(connector: Connector, case: document.Case) -> list[Delivery]:
    """The deliveries of a case, or those that its files come to. Raises UnreadableError."""
    return [one for one in _cut(connector, case) if isinstance(one, Delivery)]


def _cut(connector: Connector, case: document.Case) -> Iterator[Delivery | Outcome]:
    """The deliveries of a case; of files also why there is none."""
    if case.files is None:
        yield from map(delivery_of, case.deliveries or [one for one in (case.delivery,) if one is not None])
        return
    found = find([connector], [Text(name, text) for name, text in case.files.items()])
    if len(found) != 1:
        raise UnreadableError("the files are no export of this connector")
    for one in cut(found[0], settings_of(connector, case.settings)):
        if isinstance(one, Made):
            yield one.delivery
        else:
            state = State.INVALID if isinstance(one, Broken) else State.NO_ENGAGEMENT
            yield Outcome(state, reason=one.reason)


def _outcomes(connector: Connector, case: document.Case) -> list[Outcome]:
    settings = settings_of(connector, case.settings)
    try:
        return [
            one if isinstance(one, Outcome) else checked(map_delivery(connector, one, settings))
            for one in _cut(connector, case)
        ]
    except UnreadableError as error:
        return [Outcome(State.INVALID, reason=str(error))]


def _faults(connector: Connector, case: document.Case) -> Iterator[str]:
    outcomes = _outcomes(connector, case)
    if case.files is not None and case.outcome == "mapped":  # much of an export counts nothing
        outcomes = [one for one in outcomes if one.state != State.NO_ENGAGEMENT]
    for number, outcome in enumerate(outcomes, 1):
        if outcome.state != case.outcome:
            why = f" ({outcome.reason})" if outcome.reason else ""
            yield f"delivery {number}: {outcome.state}{why}, expected {case.outcome}"
    activities = [activity for outcome in outcomes for activity in outcome.activities]
    reason = case.reason or ""
    for outcome in outcomes:
        if reason not in (outcome.reason or ""):
            yield f"the reason is {outcome.reason!r}, expected {reason!r}"
    if case.activities is not None:
        if len(activities) != len(case.activities):
            yield f"{len(activities)} activities, expected {len(case.activities)}"
        for number, (found, expected) in enumerate(zip(activities, case.activities, strict=False)):
            yield from _differences(found, expected, f"activities[{number}]")
    if case.stands is not None:
        standing = sorted(stands(activities))
        if standing != sorted(case.stands):
            yield f"what stands is {standing}, expected {sorted(case.stands)}"


def stands(activities: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of the activities that count once all are there: of what is said of one, the latest holds."""
    said: dict[tuple[str, str], tuple[datetime, str, bool]] = {}
    for activity in activities:
        if activity["type"] in TARGETING_TYPES:
            target = activity["data"]["target"]
            told = (activity["time"], activity["id"], activity["type"] == RESTORED_TYPE)
            key = (target["source"], target["id"])
            said[key] = max(said.get(key, told), told)
    return {
        activity["id"]
        for activity in activities
        if activity["type"] not in TARGETING_TYPES
        and said.get((activity["source"], activity["id"]), (None, None, True))[2]
    }


def _differences(found: Any, expected: Any, place: str) -> Iterator[str]:
    """Where what was found is not what a case says; what the case does not say may be anything."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            if value is None and name not in found:
                continue
            if name not in found:
                yield f"{place}.{name} is not there, expected {value!r}"
            else:
                yield from _differences(found[name], value, f"{place}.{name}")
    elif isinstance(found, datetime):
        if found != datetime.fromisoformat(str(expected)):
            yield f"{place} is {found.isoformat()}, expected {expected}"
    elif found != expected:
        yield f"{place} is {found!r}, expected {expected!r}"
