"""What becomes of each type that a platform's documentation names: what docs/connectors.md lists."""

from typing import NamedTuple

from connectors.compiled import Connector, is_of
from connectors.document import Activity, Mapping


class Listed(NamedTuple):
    """A type of delivery: `mapped`, `no_engagement` or `not_yet`; what it becomes, and why it is nothing."""

    event: str
    state: str
    activities: tuple[str, ...]
    why: str


def becomes(connector: Connector) -> list[Listed]:
    """Each type that a connector names, once, in the order of its file; what is said of all types is left out."""
    read = connector.document
    events = dict.fromkeys(on for mapping in read.mappings for on in mapping.on if on != "*")
    listed = [
        _listed(event, [one for one in read.mappings if any(is_of(event, on) for on in one.on)])
        for event in events
    ]
    return [*listed, *(Listed(event, "not_yet", (), why) for event, why in read.not_yet.items())]


def _listed(event: str, mappings: list[Mapping]) -> Listed:
    activities = dict.fromkeys(_said(one) for mapping in mappings for one in mapping.activities or ())
    reasons = dict.fromkeys(mapping.no_engagement for mapping in mappings if mapping.no_engagement is not None)
    state = "mapped" if activities else "no_engagement"
    return Listed(event, state, tuple(activities), "; ".join(reasons))


def _said(one: Activity) -> str:
    if one.type is not None:
        return one.type
    return "retracts" if one.retract is not None else "restores"
