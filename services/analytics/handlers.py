"""One function per topic: facts into the read models, in bulk. A fact that is known already changes nothing."""

from services.analytics.metrics import AWARDS, EVENTS, RETRACTED_EVENTS
from services.analytics.store import facts, participation
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.facts import (
    AcceptedEvent,
    MemberIdentified,
    PayoutChanged,
    PayoutLots,
    PointsAwarded,
    ProgrammePublished,
    RecognitionGranted,
    RedemptionChanged,
    RejectedEvent,
)
from shared.telemetry import observe_ages
from shared.transaction import Transaction

#: Of the events behind submitted payouts, the ages of at most so many are measured.
AGES_MAX_COUNT = 10_000


async def on_events(tx: Transaction, events: list[AcceptedEvent]) -> None:
    """Store events and count them as participation; a retraction takes its event out again."""
    unique = list({(one["community"], one["uid"]): one for one in events}.values())
    new_count = await participation.add_events(tx.conn, unique)
    EVENTS.inc(new_count)
    retractions = {
        (one["community"], one["targetuid"]): one["uid"]
        for one in unique
        if one["type"] == RETRACTED_TYPE and "targetuid" in one
    }
    if retractions:
        ordered = [
            (community, target, retractions[community, target]) for community, target in sorted(retractions)
        ]
        RETRACTED_EVENTS.inc(await participation.retract(tx.conn, ordered))
    if new_count:
        observe_ages("analytics", (one["receivedat"] for one in unique), tx.now)


async def on_rejected(tx: Transaction, rejections: list[RejectedEvent]) -> None:
    """Store rejected events with their reasons."""
    await facts.add_rejections(tx.conn, rejections)


async def on_members(tx: Transaction, members: list[MemberIdentified]) -> None:
    """Store members and their newest names."""
    newest: dict[tuple[str, str], MemberIdentified] = {}
    for one in members:
        key = (one["community"], one["data"]["member_id"])
        if key not in newest or newest[key]["data"]["revision"] < one["data"]["revision"]:
            newest[key] = one
    await facts.add_members(tx.conn, [newest[key] for key in sorted(newest)])


async def on_awards(tx: Transaction, awards: list[PointsAwarded]) -> None:
    """Store awards and reversals, and add them to the points per rule."""
    AWARDS.inc(await facts.add_awards(tx.conn, awards))


async def on_grants(tx: Transaction, grants: list[RecognitionGranted]) -> None:
    """Store badges and levels granted and taken back."""
    await facts.add_grants(tx.conn, grants)


async def on_redemptions(tx: Transaction, redemptions: list[RedemptionChanged]) -> None:
    """Store the states of redemptions."""
    await facts.add_redemptions(tx.conn, redemptions)


async def on_payouts(tx: Transaction, payouts: list[PayoutChanged | PayoutLots]) -> None:
    """Store the states of payouts and the awards that they pay."""
    changes: list[PayoutChanged] = []
    lots: list[PayoutLots] = []
    for one in payouts:
        if one["type"] == "payout.changed.v1":
            changes.append(one)
        else:
            lots.append(one)
    if changes:
        await facts.add_payouts(tx.conn, changes)
    if lots:
        await facts.add_payout_lots(tx.conn, lots)
    submitted = [
        (one["community"], one["data"]["payout_id"]) for one in changes if one["data"]["state"] == "submitted"
    ]
    if submitted:
        received = await facts.received_behind_payouts(tx.conn, submitted, AGES_MAX_COUNT)
        observe_ages("payout", received, tx.now)


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Store programme versions: what rules were called, and which version applied when."""
    await facts.add_programmes(tx.conn, programmes)
