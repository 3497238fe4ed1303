"""What becomes of each type that a platform's documentation names: what docs/connectors.md lists."""

from collections.abc import Sequence
from typing import NamedTuple

from connectors.compiled import Connector, is_of
from connectors.document import Activity, Document, Mapping


class Listed(NamedTuple):
    """A type of delivery: `mapped`, `no_engagement` or `not_yet`; what it becomes, and why it is nothing."""

    event: str
    state: str
    activities: tuple[str, ...]
    why: str


def becomes(connector: Connector) -> list[Listed]:
    """Each type that a connector names, once, in the order of its file."""
    read = connector.document
    events = dict.fromkeys(on for mapping in read.mappings for on in mapping.on if on != "*")
    found = [_listed(event, _reached(event, read.mappings)) for event in events if not _only_guards(event, read)]
    return [*found, *(Listed(event, "not_yet", (), why) for event, why in read.not_yet.items())]


def _reached(event: str, mappings: Sequence[Mapping]) -> list[Mapping]:
    """The mappings that may decide of an event: what is behind one without a condition never does."""
    found = []
    for mapping in mappings:
        if any(is_of(event, on) for on in mapping.on):
            found.append(mapping)
            if mapping.when is None:
                break
    return found


def _only_guards(event: str, read: Document) -> bool:
    """Whether a family is named only to say what of it counts nothing, and its members are named besides."""
    reached = _reached(event, read.mappings)
    members = [on for mapping in read.mappings for on in mapping.on if on != event and is_of(on, event)]
    return bool(members) and all(one.when is not None for one in reached)


def _listed(event: str, mappings: list[Mapping]) -> Listed:
    activities = dict.fromkeys(_said(one) for mapping in mappings for one in mapping.activities or ())
    reasons = dict.fromkeys(mapping.no_engagement for mapping in mappings if mapping.no_engagement is not None)
    state = "mapped" if activities else "no_engagement"
    return Listed(event, state, tuple(activities), "; ".join(reasons))


def _said(one: Activity) -> str:
    if one.type is not None:
        return one.type
    return "retracts" if one.retract is not None else "restores"
