"""Which alerts people are told of, in which kind of message, and who acts on them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from shared.access_keys.roles import Role
from shared.contracts.facts import AlertData
from shared.contracts.ids import prepared, uuid5_text

_MESSAGES: Final = prepared(UUID("3e9b2f60-5a7c-5d18-b4e3-90f2c6d1a8b7"))
#: An older alert is told to nobody: another one says how it is by then.
EXPIRES: Final = timedelta(days=3)


class Told(NamedTuple):
    """In which kind of message an alert is told, to the people of which role."""

    kind: str
    role: Role


ALERTS: Final[Mapping[str, Told]] = {
    "goal_off_target": Told("goal", Role.MANAGER),
    "indicator_red": Told("alert", Role.MANAGER),
    "lineage_lost": Told("alert", Role.OPERATOR),
}
#: What a goal is when it is off its target no more, and nobody is told that: that it was reached is told as such,
#: and of one that is declared no more there is nothing to do.
_NO_ALL_CLEAR: Final = frozenset({"met", "gone", "unmeasured"})


def is_told(data: AlertData) -> bool:
    """Whether people are told of it: of each alert that is known here, and that it is over."""
    if data["name"] not in ALERTS:
        return False
    return data["state"] == "raised" or data["values"].get("state") not in _NO_ALL_CLEAR


def values_of(data: AlertData) -> dict[str, str]:
    """What the words of its message may name."""
    if ALERTS[data["name"]].kind == "goal":
        return data["values"]
    said = {"alert": data["name"], "about": data["about"], "state": data["state"]}
    return said | {name: value for name, value in data["values"].items() if name == "count"}


def message_id(data: AlertData, member_id: str) -> str:
    """The id of the request: of one alert, day and member it is the same message, however often it comes."""
    return uuid5_text(_MESSAGES, f"{data['alert_id']}|{data['told_on']}|{member_id}")
