"""What merging two members would do, and when it cannot be done."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.ingest.members.domain import Dated, Member, MemberKey, Value
from shared.merges.domain import Merge, Spell, heads

#: Who stays, and all who are merged into it.
ONE_PERSON_MAX_COUNT = 50
#: How often a member may have been merged before: each fact has all of that.
SPELLS_MAX_COUNT = 50


class SameMemberError(Exception):
    """Two members that are to be merged are one already."""

    def __init__(self, member_id: str) -> None:
        super().__init__(f"they are {member_id} already")


class TooManyMergesError(Exception):
    """A person would be of more members, or a member merged too often; the message says which."""


class NotMergedError(Exception):
    """A member that is to leave another is not merged into it."""

    def __init__(self, member_id: str, head_id: str) -> None:
        super().__init__(f"{member_id} is not merged into {head_id}")
        self.head_id = head_id


class UnknownIdentityError(Exception):
    """Nobody has the identity that is to leave a member."""


class Difference(NamedTuple):
    """What is said differently of two members; None where nothing is said."""

    what: str
    stays: Value | None
    merged: Value | None


class Merging(NamedTuple):
    """Two members after a merge or its end, done or as it would be, and in what they differ.

    Whoever is in `merged.merged_ids` came along, or leaves with it.
    """

    stays: Member
    merged: Member
    differences: list[Difference]


def check_room(stays: Member, other: Member) -> None:
    """Raises SameMemberError for one member, and TooManyMergesError when one person would be of too many."""
    if stays.member_id == other.member_id:
        raise SameMemberError(stays.member_id)
    count = 2 + len(stays.merged_ids) + len(other.merged_ids)
    if count > ONE_PERSON_MAX_COUNT:
        raise TooManyMergesError(f"one person would be {count} members, of {ONE_PERSON_MAX_COUNT} at most")


def merged(known: Merge | None, *, key: MemberKey, into_id: str, now: datetime) -> Merge:
    """The merge of a head from now on; `known` is what was before, and is over. Raises TooManyMergesError."""
    if known is None or known.unmerged_at is None:
        return Merge(*key, into_id, now, revision=1 if known is None else known.revision + 1)
    spells = (*known.spells, Spell(known.into_id, known.merged_at, known.unmerged_at))
    if len(spells) > SPELLS_MAX_COUNT:
        raise TooManyMergesError(f"{key.member_id} was merged {len(spells)} times, of {SPELLS_MAX_COUNT} at most")
    # A clock may be behind that of whoever unmerged it.
    return Merge(*key, into_id, max(now, known.unmerged_at), revision=known.revision + 1, spells=spells)


def unmerged(known: Merge, *, now: datetime) -> Merge:
    """The end of a merge that lasts."""
    return known._replace(unmerged_at=max(now, known.merged_at), revision=known.revision + 1)


def leaving(lasting: Iterable[Merge], member_id: str) -> tuple[str, ...]:
    """Who leaves with a member that is unmerged: all who were merged into it, in the order of their ids."""
    into = {merge.member_id: merge.into_id for merge in lasting if merge.member_id != member_id}
    return tuple(sorted(one for one, head_id in heads(into).items() if head_id == member_id))


def differences(
    stays: Member, other: Member, known: Iterable[Dated], known_of_other: Iterable[Dated]
) -> list[Difference]:
    """In what two members differ: name, what they are, and what was said last of all that is known of them."""
    first, second = _said(stays, known), _said(other, known_of_other)
    return [
        Difference(what, first.get(what), second.get(what))
        for what in sorted({*first, *second})
        if first.get(what) != second.get(what)
    ]


def _said(member: Member, known: Iterable[Dated]) -> dict[str, Value]:
    said: dict[str, Value] = {} if member.name is None else {"name": member.name}
    said |= {} if member.bot_by is None else {"bot": True}
    said |= dict.fromkeys(member.marks.standing, True)
    for fact in sorted(known, key=lambda fact: (fact.since, fact.said_at)):
        said[f"{fact.kind} {fact.name}"] = fact.value
    return said
