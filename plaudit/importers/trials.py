"""What would become of a file: a delivery, or a whole export. Nothing is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.bodies import BodyError
from connectors.compiled import Connector
from connectors.engine import Delivery, State, checked, map_delivery, recognise, settings_of
from connectors.exports.contents import Content, UnreadableError
from connectors.exports.finding import Found, find, why_not
from plaudit.importers.contents import beside, contents
from plaudit.importers.exports import Options, outcomes, read_delivery
from plaudit.importers.records import SourceError

#: Of an export so many activities are shown, and so many reasons with where they were met first.
SHOWN_MAX_COUNT = 4_096
REASONS_MAX_COUNT = 20


@dataclass
class Tried:
    """What would become of a file: the outcome of the worst of it, its activities, and why others are none."""

    file: str
    connector: str | None
    outcome: State
    reason: str | None = None
    activities: list[Mapping[str, Any]] = field(default_factory=list)
    unshown_count: int = 0
    others: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.outcome in {State.MAPPED, State.NO_ENGAGEMENT}

    def as_document(self) -> dict[str, Any]:
        """What a script reads."""
        return {
            "file": self.file,
            "connector": self.connector,
            "outcome": self.outcome,
            "activities": self.activities,
            "reason": self.reason,
        }


def tried(path: Path, known: Sequence[Connector], options: Options, *, is_given: bool) -> Tried:
    """What would become of a file, a folder or a zip. With `is_given` it is of the one connector that is known."""
    name = known[0].name if is_given else None
    try:
        files = contents([path])
        delivery, fault = _read(files)
        if delivery is None or not recognise(known, delivery.headers, delivery.body):
            found = find([one for one in known if one.exports], files, options.reading, beside([path]))
            if len(found) == 1:
                return _export(path, found[0], options)
            if found:
                return Tried(
                    str(path), None, State.UNMAPPED, _several(sorted({one.connector.name for one in found}))
                )
    except (UnreadableError, SourceError) as error:
        return Tried(str(path), name, State.INVALID, str(error).removeprefix(f"{path}: "))
    if delivery is not None:
        return _delivery(path, delivery, known, options, is_given=is_given)
    return Tried(str(path), name, *_unknown(files, known, options, fault, is_given=is_given))


def _read(files: Sequence[Content]) -> tuple[Delivery | None, str | None]:
    """The delivery that one file is, or why it is none."""
    if len(files) != 1:
        return None, None
    try:
        return read_delivery(files[0]), None
    except BodyError as error:
        return None, str(error)


def _several(names: Sequence[str]) -> str:
    return f"several recognise it: {', '.join(names)}; name one with --connector"


def _unknown(
    files: Sequence[Content], known: Sequence[Connector], options: Options, fault: str | None, *, is_given: bool
) -> tuple[State, str]:
    """Why a file is nothing that is known."""
    if is_given and known[0].exports and files and not (fault and files[0].name.lower().endswith(".json")):
        try:
            return State.INVALID, why_not(known[0], files[0], options.reading)
        except UnreadableError as error:
            return State.INVALID, str(error)
    if fault and (is_given or files[0].name.lower().endswith(".json")):
        return State.INVALID, fault
    return State.UNMAPPED, "no connector recognises it; name one with --connector"


def _delivery(
    path: Path, delivery: Delivery, known: Sequence[Connector], options: Options, *, is_given: bool
) -> Tried:
    found = known if is_given else recognise(known, delivery.headers, delivery.body)
    if not found:
        return Tried(str(path), None, State.UNMAPPED, "no connector recognises it; name one with --connector")
    if len(found) > 1:
        return Tried(str(path), None, State.UNMAPPED, _several([one.name for one in found]))
    [one] = found
    # The day alone: what is tried twice has the same ids.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    now = Delivery(delivery.headers, delivery.body, delivery.received or today)
    outcome = checked(map_delivery(one, now, settings_of(one, options.settings)))
    return Tried(str(path), one.name, outcome.state, outcome.reason, list(outcome.activities))


def _export(path: Path, found: Found, options: Options) -> Tried:
    settings = settings_of(found.connector, options.settings)
    done = Tried(str(path), found.connector.name, State.NO_ENGAGEMENT)
    reasons: dict[tuple[State, str], tuple[int, str]] = {}
    for place, outcome in outcomes(found, settings, options.reading):
        room = SHOWN_MAX_COUNT - len(done.activities)
        done.activities.extend(outcome.activities[:room])
        done.unshown_count += len(outcome.activities[room:])
        if outcome.state is not State.MAPPED:
            key = (outcome.state, str(outcome.reason))
            if key in reasons or len(reasons) < REASONS_MAX_COUNT:
                count, first = reasons.get(key, (0, place))
                reasons[key] = (count + 1, first)
    states = {state for state, _ in reasons}
    if done.activities:
        done.outcome = State.MAPPED
    done.outcome = next((one for one in (State.INVALID, State.UNMAPPED) if one in states), done.outcome)
    done.others = [(f"{count:,} × {first}", f"{state}: {why}") for (state, why), (count, first) in reasons.items()]
    if not done.is_good or not done.activities:
        worst = [(state, why, first) for (state, why), (_, first) in reasons.items() if state == done.outcome]
        done.reason = f"{worst[0][2]}: {worst[0][1]}" if worst else "there is no record in it"
    return done
