"""A merge is an edge from one member to another; who is at the end of a member's edges has all of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

#: Community and member.
MemberKey = tuple[str, str]


class Spell(NamedTuple):
    """A time over which a member was merged into another; it is over."""

    into_id: str
    merged_at: datetime
    unmerged_at: datetime


class Merge(NamedTuple):
    """A member who is merged into another, or was: `unmerged_at` is when that ended, None while it lasts.

    `spells` are those before, oldest first. Of two of one member the higher revision counts.
    """

    community: str
    member_id: str
    into_id: str
    merged_at: datetime
    revision: int
    unmerged_at: datetime | None = None
    spells: tuple[Spell, ...] = ()

    @property
    def lasts(self) -> bool:
        """Whether the member is merged now."""
        return self.unmerged_at is None


class MovedMember(NamedTuple):
    """A member who belongs to another than before; each is the member itself where it is its own."""

    community: str
    member_id: str
    was_of: str
    is_of: str


def heads(into: Mapping[str, str]) -> dict[str, str]:
    """The head of each member who is merged, by whom each of a community is merged into.

    In a circle, which there is for moments where an end is heard of after a beginning, the least id is the head,
    and has none itself.
    """
    found = dict[str, str]()
    for member_id in into:
        path = [member_id]
        while (following := into.get(path[-1])) is not None and following not in path:
            path.append(following)
        head = path[-1] if following is None else min(path[path.index(following) :])
        if head != member_id:
            found[member_id] = head
    return found


def members_of(people: Mapping[str, Mapping[str, Iterable[str]]]) -> set[MemberKey]:
    """All members of persons, of which there are by community each head with its members."""
    return {
        (community, member_id)
        for community, groups in people.items()
        for group in groups.values()
        for member_id in group
    }
