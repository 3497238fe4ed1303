"""Members who are merged and parted again in a world of one service."""

from typing import Any

from shared.contracts.facts import MEMBER_FACT
from tests.integration.services.world import NOON


class Merging:
    """Who is merged into whom in a world, told as ingest tells it."""

    def __init__(self, world: Any, on_members: Any) -> None:
        self.world = world
        self.on_members = on_members
        self.revisions: dict[str, int] = {}
        self.into: dict[str, str] = {}

    def told(self, member: str, into: str) -> Any:
        """The next fact about a member: merged, or, when it is, unmerged."""
        revision = self.revisions[member] = self.revisions.get(member, 0) + 1
        data = {
            "member_id": self.world.uuid(member),
            "into_id": self.world.uuid(into),
            "merged_at": NOON,
            "revision": revision,
        }
        kind = "member.merged.v1"
        if revision % 2 == 0:
            kind, data = "member.unmerged.v1", data | {"unmerged_at": NOON}
        return MEMBER_FACT.validate_python(self.world.fact(kind, f"{member} merge {revision}", data))

    def head(self, member: str) -> str:
        while member in self.into:
            member = self.into[member]
        return member

    async def merge(self, member: str, into: str) -> None:
        await self.world.handle(self.on_members, self.told(member, into))
        self.into[member] = into

    async def unmerge(self, member: str) -> None:
        await self.world.handle(self.on_members, self.told(member, self.into.pop(member)))
