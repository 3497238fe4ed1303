"""What was told of members and is forgotten here, after a restore, is taken in again."""

from services.ingest.members.domain import (
    BotBy,
    Dated,
    IdentityKey,
    Marks,
    Member,
    MemberKey,
    NamedBy,
    SaidName,
    ToldIdentity,
)
from services.ingest.members.handlers.telling import hash_of
from services.ingest.members.store import identities as identities_store
from services.ingest.members.store import members as members_store
from shared.contracts.facts import (
    MemberData,
    MemberFact,
    MemberIdentified,
    Standing,
    StandingData,
)
from shared.followed_members import merges_told
from shared.merges import put_merges
from shared.transaction import Transaction


async def on_members_told(tx: Transaction, facts: list[MemberFact]) -> None:
    """Take in members and merges that were told of and are forgotten here; the highest revision counts."""
    await put_merges(tx.conn, merges=merges_told(facts))
    await _on_identified_told(tx, [fact for fact in facts if fact["type"] == "member.identified.v1"])


async def _on_identified_told(tx: Transaction, facts: list[MemberIdentified]) -> None:
    newest: dict[MemberKey, Member] = {}
    for fact in facts:
        member = _told(fact)
        key = MemberKey(member.community, member.member_id)
        if key not in newest or newest[key].revision < member.revision:
            newest[key] = member
    # Who was erased stays so, whatever was told before.
    for key in await members_store.load_erased_members(tx.conn, keys=newest):
        del newest[key]
    members = [newest[key] for key in sorted(newest)]
    await members_store.put_members_as_told(tx.conn, members=members)
    # What the database knows in full is not told again by its hash alone.
    stored = await members_store.load_members(tx.conn, keys=sorted(newest))
    known = {
        hash_of(tx, IdentityKey(member.community, *identity))
        for member in stored.values()
        for identity in member.identities
    }
    told = [one for member in members for one in member.told if one.hash not in known]
    await identities_store.put_told_identities(tx.conn, told=told)
    dated = [
        (MemberKey(fact["community"], fact["data"]["member_id"]), Dated(**one, travels=True))
        for fact in sorted(facts, key=lambda fact: fact["data"]["revision"])
        if (fact["community"], fact["data"]["member_id"]) in newest
        for one in fact["data"].get("dated", ())
    ]
    await members_store.put_dated(
        tx.conn, facts=list({(key, *one[:4]): (key, one) for key, one in dated}.values())
    )


def _told(fact: MemberIdentified) -> Member:
    data, community = fact["data"], fact["community"]
    return Member(
        community=community,
        member_id=data["member_id"],
        said=_said(data),
        channel=data["channel"],
        first_seen_at=data["first_seen_at"],
        revision=data["revision"],
        identities=(),
        marks=_told_marks(data),
        told=tuple(
            ToldIdentity(community, one["hash"], one["channel"], data["member_id"]) for one in data["identities"]
        ),
    )


def _told_marks(data: MemberData) -> Marks:
    told: StandingData = data.get("standing", {})
    standing: dict[Standing, BotBy | None] = {
        "staff": BotBy(told["staff"]) if "staff" in told else None,
        "departed": BotBy(told["departed"]) if "departed" in told else None,
        "hidden": BotBy(told["hidden"]) if "hidden" in told else None,
    }
    return Marks(
        bot_by=BotBy(data["bot_by"]) if "bot_by" in data else None,
        is_person=data.get("is_person", False),
        off_boards_wish="boards" in data.get("opt_outs", ()),
        earns=not data.get("unearning", False),
        ranks=not data.get("off_boards", False),
    ).with_standing(standing)


def _said(data: MemberData) -> SaidName | None:
    if "name" not in data:
        return None
    by = NamedBy[data.get("name_by", "others").upper()]
    return SaidName(by, data.get("name_at", data["first_seen_at"]), data["name"])
