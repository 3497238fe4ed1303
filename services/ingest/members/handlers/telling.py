"""What members are is told to all who follow them."""

from collections.abc import Collection, Mapping
from operator import itemgetter

from services.ingest.members.domain import (
    BotBy,
    Dated,
    IdentityKey,
    Member,
    MemberKey,
    NamedBy,
)
from services.ingest.members.store import members as members_store
from shared.contracts.facts import (
    MEMBER_IDENTIFIED,
    DatedData,
    KnownIdentity,
    MarkedBy,
    MemberData,
    NameBy,
    StandingData,
)
from shared.contracts.identities import identity_hash
from shared.topics import MEMBERS
from shared.transaction import Transaction

_BY: Mapping[NamedBy, NameBy] = {
    NamedBy.OTHERS: "others",
    NamedBy.SELF: "self",
    NamedBy.DECLARED: "declared",
}
_BY_MARK: Mapping[BotBy, MarkedBy] = {BotBy.PATTERN: "pattern", BotBy.HAND: "hand"}


def hash_of(tx: Transaction, identity: IdentityKey) -> str:
    """What stands for an identity in members.v1."""
    return identity_hash(tx.settings.identity_key_bytes, identity.community, identity.identity)


async def tell_members(tx: Transaction, *, keys: Collection[MemberKey]) -> None:
    """Tell what members are now."""
    if keys:
        dated = await members_store.load_dated(tx.conn, keys=sorted(keys))
        for key, member in (await members_store.load_members(tx.conn, keys=sorted(keys))).items():
            _tell(tx, member, dated=dated.get(key, ()))


def _tell(tx: Transaction, member: Member, *, dated: Collection[Dated]) -> None:
    tx.tell(
        MEMBERS,
        MEMBER_IDENTIFIED,
        fact_id=f"{member.member_id}/{member.revision}",
        community=member.community,
        subject=member.member_id,
        data=_data(tx, member, dated=dated),
    )


def _data(tx: Transaction, member: Member, *, dated: Collection[Dated]) -> MemberData:
    data: MemberData = {
        "member_id": member.member_id,
        "identities": sorted(
            (
                *(
                    KnownIdentity(channel=one.channel, hash=hash_of(tx, IdentityKey(member.community, *one)))
                    for one in member.identities
                ),
                *(KnownIdentity(channel=one.channel, hash=one.hash) for one in member.told),
            ),
            key=itemgetter("channel", "hash"),
        ),
        "channel": member.channel,
        "first_seen_at": member.first_seen_at,
        "revision": member.revision,
    }
    if member.said is not None:
        data["name"] = member.said.name
        data["name_by"] = _BY[member.said.by]
        data["name_at"] = member.said.at
    marks = member.marks
    if marks.bot_by is not None:
        data["bot_by"] = marks.bot_by.value
    if marks.is_person:
        data["is_person"] = True
    if marks.standing:
        standing: StandingData = {}
        for name, by in marks.standing.items():
            standing[name] = _BY_MARK[by]
        data["standing"] = standing
    if not marks.ranks:
        data["off_boards"] = True
    if not marks.earns:
        data["unearning"] = True
    if marks.off_boards_wish:
        data["opt_outs"] = ["boards"]
    told: list[DatedData] = [
        {
            "kind": fact.kind,
            "name": fact.name,
            "since": fact.since,
            "said_at": fact.said_at,
            "value": fact.value,
            "source": fact.source,
        }
        for fact in dated
        if fact.travels
    ]
    if told:
        data["dated"] = told
    return data
