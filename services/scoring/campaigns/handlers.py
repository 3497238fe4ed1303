"""Campaigns spend on claims, take in what was told before, and are stopped and let go on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from services.scoring.campaigns import store
from services.scoring.campaigns.domain import (
    ALL,
    Books,
    BookState,
    CampaignKey,
    Standing,
    Turn,
    Turned,
    give,
    parts_of,
    parts_of_claim,
    turned,
)
from services.scoring.limits.domain.claims import Claim
from services.scoring.metrics import CAMPAIGNS_NOT_GIVING, RULES_DECLINED
from services.scoring.programmes.domain.publication import Author, Document, succession
from services.scoring.programmes.store import versions
from services.scoring.rules.domain.compiling import version_at
from services.scoring.settings import Settings
from shared.audit import Did
from shared.contracts.facts import CAMPAIGN_CHANGED, CampaignChanged, CampaignData
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import CAMPAIGNS
from shared.transaction import Transaction


class ToldPoints(NamedTuple):
    """Points that were told of an award, or of its amendment."""

    community: str
    programme_version: int
    rule_id: str
    day: date
    week: date | None
    points: int


async def spend(tx: Transaction[Settings], *, claims: Iterable[Claim]) -> None:
    """Spend of campaigns what their claims amount to more than was told, and give back what they amount to less.

    The members of the claims are locked. What a campaign has no more is the ceiling of a claim from now on. It has
    to be told, and stored, in this transaction. Claims of no campaign cost nothing. What becomes of campaigns by
    it is told.

    Budget and pace are those of the version in force, whatever version an event came under; of a campaign that it
    has no more, those of the claim's own version.
    """
    of_campaign: dict[CampaignKey, list[Claim]] = {}
    for claim in claims:
        # What is withheld keeps what was spent on it.
        is_moved = claim.withheld is not None or claim.was_withheld
        if claim.campaign is not None and claim.due != claim.told and not is_moved:
            of_campaign.setdefault((claim.community, claim.campaign), []).append(claim)
    if not of_campaign:
        return
    keys, conn = sorted(of_campaign), tx.conn
    wanted = {(claim.community, claim.programme_version) for mine in of_campaign.values() for claim in mine}
    in_force = {community: await _number_in_force(conn, community=community, now=tx.now) for community, _ in keys}
    said = await store.load_campaigns(conn, versions=wanted | in_force.items())
    books = await store.lock_books(conn, keys=keys)
    # Only once they are locked: others may have spent until then.
    parts = {(*key, part) for key in keys for claim in of_campaign[key] for part in parts_of_claim(claim)}
    spent = await store.load_spent(conn, parts=parts)
    turns: list[Turn] = []
    for key in keys:
        books[key].spent = spent.get(key, {})
        before = books[key].standing
        campaigns = {
            number: one
            for (community, number), found in said.items()
            for one in found
            if (community, one.id) == key
        }
        current = campaigns.get(in_force[key[0]])
        if current is not None:
            campaigns = dict.fromkeys(campaigns, current)
        give(of_campaign[key], campaigns, books[key])
        for why, count in books[key].declined.items():
            RULES_DECLINED.labels(why.value).inc(count)
        turns += _turns(key, before, books[key], at=tx.now)
    await store.put_books(conn, books=books)
    await _tell(tx, turns)


async def take_in(conn: Connection, *, told: Sequence[ToldPoints]) -> None:
    """Count as spent what was told before the database forgot it."""
    wanted = {(one.community, one.programme_version) for one in told}
    rules = await store.load_campaigns_of_rules(conn, versions=wanted) if wanted else {}
    mine = [
        ((one.community, campaign_id), one)
        for one in told
        if (campaign_id := rules.get((one.community, one.programme_version), {}).get(one.rule_id)) is not None
    ]
    if not mine:
        return
    books = await store.lock_books(conn, keys=sorted({key for key, _ in mine}))
    placed = [(key, parts_of(one.rule_id, one.day, one.week), one.points) for key, one in mine]
    spent = await store.load_spent(conn, parts={(*key, part) for key, parts, _ in placed for part in parts})
    for key, of_key in books.items():
        of_key.spent = spent.get(key, {})
    for key, parts, points in placed:
        books[key].add(parts, points)
    await store.put_books(conn, books=books)


async def load_document_in_force(conn: Connection, *, community: str, now: datetime) -> tuple[int, Document]:
    """The version of the programme that is in force, and its number; 0 and nothing while there is none."""
    number = await _number_in_force(conn, community=community, now=now)
    documents = await versions.load_documents(conn, community=community, numbers=[number])
    return number, documents.get(number, {})


async def change(
    tx: Transaction[Settings], *, community: str, campaign_id: str, to: BookState, reason: str, by: Author
) -> None:
    """Stop a campaign, or let it go on; what it is in already changes nothing.

    One that goes on is not asked for its pace any more.
    """
    key = (community, campaign_id)
    before = (await store.lock_books(tx.conn, keys=[key]))[key]
    before.spent = (await store.load_spent(tx.conn, parts=[(*key, ALL)])).get(key, {})
    is_let_go = before.is_let_go or to is BookState.RUNNING
    if (to, is_let_go) != (before.state, before.is_let_go):
        after = replace(
            before,
            state=to,
            is_let_go=is_let_go,
            is_slowed=before.is_slowed and not is_let_go,
            changed_at=tx.now,
            changed_by_person=by.person_id,
            changed_by=by.name,
            reason=reason,
        )
        turns = _turns(key, before.standing, after, at=tx.now, by=by)
        await store.put_books(tx.conn, books={key: after})
        await _tell(tx, turns)
    verb = "stop" if to is BookState.STOPPED else "resume"
    tx.did(
        Did(
            f"campaign.{verb}",
            "campaign",
            campaign_id,
            before={"state": before.state},
            after={"state": to, "reason": reason},
        )
    )


async def count_not_giving(tx: Transaction[Settings]) -> None:
    """Timer: show how many campaigns give nothing, by why."""
    counts = await store.count_not_giving(tx.conn, now=tx.now)
    for why in (BookState.BRAKED.value, BookState.STOPPED.value, Turned.EXHAUSTED.value):
        CAMPAIGNS_NOT_GIVING.labels(why).set(counts.get(why, 0))


async def _number_in_force(conn: Connection, *, community: str, now: datetime) -> int:
    """The number of the version that is in force; 0 while there is none."""
    start = version_at(succession(await versions.load_starts(conn, community=community)), now)
    return 0 if start is None else start.number


def _turns(
    key: CampaignKey, before: Standing, books: Books, *, at: datetime, by: Author | None = None
) -> list[Turn]:
    """What became of a campaign, each with the next revision of its books."""
    found = []
    for what in turned(before, books.standing):
        books.revision += 1
        mine = by if what in (Turned.STOPPED, Turned.RESUMED) else None
        found.append(
            Turn(
                *key,
                books.revision,
                what,
                books.standing,
                at,
                books.spent.get(ALL, 0),
                None if mine is None else mine.person_id,
                None if mine is None else mine.name,
                None if mine is None else books.reason,
            )
        )
    return found


async def _tell(tx: Transaction[Settings], turns: Sequence[Turn]) -> None:
    if not turns:
        return
    await store.add_turns(tx.conn, turns=turns)
    for turn in turns:
        data: CampaignData = {
            "campaign": turn.campaign_id,
            "revision": turn.revision,
            "what": turn.what.value,
            "state": turn.standing.state.value,
            "is_exhausted": turn.standing.is_exhausted,
            "is_let_go": turn.standing.is_let_go,
            "spent_points": turn.spent_points,
        }
        if turn.person_id is not None:
            data["person_id"] = turn.person_id
        tx.tell(
            CAMPAIGNS,
            CAMPAIGN_CHANGED,
            fact_id=turn.fact_id,
            community=turn.community,
            subject=turn.campaign_id,
            data=data,
        )


async def on_campaigns_told(tx: Transaction[Settings], facts: list[CampaignChanged]) -> None:
    """Take in what became of campaigns and the database has forgotten, so that one that was stopped stays so.

    Who did it is known by their id alone, and why not at all.
    """
    keys = sorted({(fact["community"], fact["data"]["campaign"]) for fact in facts})
    books = await store.lock_books(tx.conn, keys=keys)
    turns = []
    for fact in sorted(facts, key=lambda one: one["data"]["revision"]):
        data = fact["data"]
        key, person_id = (fact["community"], data["campaign"]), data.get("person_id")
        known = books[key]
        if data["revision"] <= known.revision:
            continue
        standing = Standing(BookState(data["state"]), data["is_let_go"], data["is_exhausted"])
        what = Turned(data["what"])
        turns.append(
            Turn(*key, data["revision"], what, standing, fact["time"], data["spent_points"], person_id, person_id)
        )
        known.revision = data["revision"]
        known.state, known.is_let_go, known.is_exhausted = standing
        known.is_slowed = known.is_slowed and not known.is_let_go
        if what in (Turned.STOPPED, Turned.RESUMED):
            known.changed_at, known.reason = fact["time"], None
            known.changed_by_person = known.changed_by = person_id
    await store.put_books(tx.conn, books=books)
    await store.add_turns(tx.conn, turns=turns)


READ_BACK = (ReadBack((CAMPAIGNS,), CAMPAIGN_CHANGED.adapter, on_campaigns_told),)
