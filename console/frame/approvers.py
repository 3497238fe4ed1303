"""Who may decide what takes a second person."""

from collections.abc import Mapping
from typing import Any

from console.frame.navigation import PEOPLE
from console.frame.visits import Visit
from shared.access_keys.roles import scopes_of

PEOPLE_COUNT = 500


async def approvers(visit: Visit, scope: str) -> list[dict[str, Any]]:
    """Who has a scope, where the visitor may know who people are; nobody else is named."""
    if not visit.signed_in.may(PEOPLE.scope or ""):
        return []
    community = visit.signed_in.community
    people = await visit.ask.get("ingest", f"/v1/communities/{community}/people", limit=PEOPLE_COUNT)
    return [one for one in people.items if not one["disabled"] and scope in scopes_of(one["roles"], community)]


async def others_who_may(visit: Visit, scope: str, *, proposed: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Who may decide what somebody `proposed`, if anything waits: whoever has the scope and is another person."""
    if not proposed:
        return []
    return [one for one in await approvers(visit, scope) if one["person_id"] != proposed["person_id"]]
