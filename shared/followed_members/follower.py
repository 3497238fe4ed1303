"""Each service's copy of the members' names, of whose identities are and of who is merged, from members.v1."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.consumer import Subscription
from shared.contracts.facts import (
    MEMBER_FACT,
    MemberErased,
    MemberFact,
    MemberIdentified,
    MemberMerged,
    MemberUnmerged,
)
from shared.followed_members.store import FollowedName, MemberKey, put_identities, put_names
from shared.merges import Merge, MovedMember, Spell, put_merges
from shared.telemetry import ERASURES_OBEYED
from shared.topics import MEMBERS
from shared.transaction import Transaction


class Followed(NamedTuple):
    """What facts changed: members that are their highest revision now, and who belongs to another than before.

    All in the order of members; who was erased is not among the `identified`. Of the `first_told` nothing had come
    before: nothing is kept of them yet that these facts would replace.
    """

    identified: list[MemberIdentified]
    erased: list[MemberErased]
    moved: list[MovedMember]
    first_told: frozenset[MemberKey]


async def on_members(tx: Transaction, facts: list[MemberFact]) -> None:
    """Keep each member's name and identities, and who is merged into whom, as the highest revision says them.

    Of who was erased neither name nor identities are kept.
    """
    await follow(tx, facts)


async def follow(tx: Transaction, facts: list[MemberFact]) -> Followed:
    """Keep that of members, and say what changed by it."""
    of_names: list[MemberIdentified | MemberErased] = [
        fact for fact in facts if fact["type"] == "member.identified.v1" or fact["type"] == "member.erased.v1"
    ]
    identified, erased, first_told = await _follow_names(tx, of_names)
    moved = await put_merges(tx.conn, merges=merges_told(facts))
    return Followed(identified, erased, moved, first_told)


def merges_told(facts: Iterable[MemberFact]) -> list[Merge]:
    """The merges that facts tell of, and the ends of some."""
    return [
        _merge(fact)
        for fact in facts
        if fact["type"] == "member.merged.v1" or fact["type"] == "member.unmerged.v1"
    ]


def _merge(fact: MemberMerged | MemberUnmerged) -> Merge:
    data = fact["data"]
    return Merge(
        community=fact["community"],
        member_id=data["member_id"],
        into_id=data["into_id"],
        merged_at=data["merged_at"],
        revision=data["revision"],
        unmerged_at=fact["data"]["unmerged_at"] if fact["type"] == "member.unmerged.v1" else None,
        spells=tuple(Spell(**one) for one in data.get("earlier", ())),
    )


async def _follow_names(
    tx: Transaction, members: list[MemberIdentified | MemberErased]
) -> tuple[list[MemberIdentified], list[MemberErased], frozenset[MemberKey]]:
    newest: dict[MemberKey, FollowedName] = {}
    identities: dict[MemberKey, list[str]] = {}
    facts: dict[MemberKey, MemberIdentified | MemberErased] = {}
    for member in members:
        data = member["data"]
        key = (member["community"], data["member_id"])
        if key not in newest or newest[key].revision < data["revision"]:
            newest[key], identities[key] = _followed(member)
            facts[key] = member
    changed = await put_names(tx.conn, newest) if newest else {}
    first_told = frozenset(key for key, is_first in changed.items() if is_first)
    await put_identities(
        tx.conn,
        {key: (newest[key].revision, identities[key]) for key in sorted(changed)},
        first_told=first_told,
    )
    told = [facts[key] for key in sorted(changed)]
    identified = [fact for fact in told if fact["type"] == "member.identified.v1"]
    erased = [fact for fact in told if fact["type"] == "member.erased.v1"]
    ERASURES_OBEYED.inc(len(erased))
    return identified, erased, first_told


def _followed(member: MemberIdentified | MemberErased) -> tuple[FollowedName, list[str]]:
    """What is kept of a member: the name with what boards say, and the hashes of identities."""
    if member["type"] == "member.erased.v1":
        return FollowedName(member["data"]["revision"], None, off_boards=True, is_erased=True), []
    data = member["data"]
    name = FollowedName(
        data["revision"],
        data.get("name"),
        bot="bot_by" in data,
        off_boards="bot_by" in data or data.get("off_boards", False),
    )
    # A restored service has told one identity twice of a member; what the log has must be readable for ever.
    return name, list(dict.fromkeys(identity["hash"] for identity in data["identities"]))


#: What a service reads that shows members by their names, or is asked for them by their identities.
FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
