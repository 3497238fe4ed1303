"""Campaigns are stopped and let go on, and what becomes of them is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.scoring.campaigns.domain.books import (
    ALL,
    Books,
    BookState,
    CampaignKey,
    Standing,
    Turn,
    Turned,
    turned,
)
from services.scoring.campaigns.store import books as store
from services.scoring.campaigns.store import portions as portion_store
from services.scoring.metrics import CAMPAIGNS_NOT_GIVING
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


async def close_portions(conn: Connection, *, keys: Sequence[CampaignKey]) -> None:
    """Have the books of campaigns, which are locked, decide alone, once nobody spends from their portions."""
    for key in keys:
        portions = await portion_store.lock_portions(conn, key=key)
        if any(portion.version for portion in portions):
            closed = [portion._replace(version=0) for portion in portions]
            await portion_store.put_portions(conn, key=key, portions=closed)


async def load_document_in_force(conn: Connection, *, community: str, now: datetime) -> tuple[int, Document]:
    """The version of the programme that is in force, and its number; 0 and nothing while there is none."""
    number = await number_in_force(conn, community=community, now=now)
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
    await close_portions(tx.conn, keys=[key])
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
        turns = turns_of(key, before.standing, after, at=tx.now, by=by)
        await store.put_books(tx.conn, books={key: after})
        await tell_turns(tx, turns)
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


async def number_in_force(conn: Connection, *, community: str, now: datetime) -> int:
    """The number of the version that is in force; 0 while there is none."""
    start = version_at(succession(await versions.load_starts(conn, community=community)), now)
    return 0 if start is None else start.number


def turns_of(
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


async def tell_turns(tx: Transaction[Settings], turns: Sequence[Turn]) -> None:
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
    await close_portions(tx.conn, keys=keys)
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
