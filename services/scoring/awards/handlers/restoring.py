"""Awards that were told and that the database has forgotten are taken in again."""

from datetime import UTC, datetime

from services.scoring.awards import store
from services.scoring.awards.domain.awards import Award, EventKey, RecordedAward, amended, as_claim
from services.scoring.awards.domain.restored import as_told
from services.scoring.awards.handlers.rooms import members_of, tell_claims
from services.scoring.awards.handlers.telling import tell
from services.scoring.campaigns.handlers.spending import ToldPoints, take_in
from services.scoring.limits.store import claims as claims_store
from services.scoring.limits.store.members import lock_members
from services.scoring.settings import Settings
from services.scoring.voids.store import load_whys
from shared.contracts.facts import POINTS_AWARDED, PointsAwarded
from shared.own_facts import ReadBack, something_was_taken_in
from shared.topics import POINTS
from shared.transaction import Transaction


async def on_awards_told(tx: Transaction[Settings], facts: list[PointsAwarded]) -> None:
    """Take in awards and amendments that were told and that the database has forgotten.

    Their events are read again, and find the same room. Of what was told nothing is told meanwhile.
    """
    something_was_taken_in()
    awards = [_told(fact) for fact in facts]
    added = await store.add_awards_as_told(tx.conn, awards=awards)
    await take_in(
        tx.conn,
        told=[
            ToldPoints(
                one.community,
                one.programme_version,
                one.rule_id,
                one.day or one.event_time.date(),
                one.week,
                one.points,
            )
            for one in added
        ],
    )
    told: dict[tuple[str, str], tuple[int, int]] = {}
    for award, _ in awards:
        key = (award.community, award.amends or award.award_id)
        revision, total = award.revision or 0, award.points if award.total is None else award.total
        if key not in told or told[key][1] < revision:
            told[key] = (total, revision)
    await claims_store.put_told(tx.conn, told=[(*key, *last) for key, last in told.items()])


async def on_events_read(tx: Transaction[Settings], facts: list[PointsAwarded]) -> None:
    """Once all events are read again: tell what those awards amount to, should that not be what was told."""
    events = {(fact["community"], fact["data"]["event_uid"]) for fact in facts}
    marks = await store.load_marks(tx.conn, events=sorted(events))
    scored = [(*key, mark.event_time) for key, mark in marks.items() if mark.event_time is not None]
    claims = await claims_store.load_claims_of_events(tx.conn, events=scored)
    restated = await store.load_restated(tx.conn, events=scored)
    if claims:
        await lock_members(tx.conn, members=members_of(claims))
        claims = await claims_store.load_claims_of_events(tx.conn, events=scored)
        kept = [
            as_told(one, restated[one.award_id], is_said=marks[one.community, one.event_uid].word is not None)
            for one in claims
            if one.award_id in restated and one.due != one.told
        ]
        await claims_store.put_whole_claims(tx.conn, claims=kept)
        of_kept = {claim.award_id for claim in kept}
        await tell_claims(tx, [*kept, *(claim for claim in claims if claim.award_id not in of_kept)])
    of_claims = {claim.award_id for claim in claims}
    found = []
    plain = [one for one in await store.load_earned(tx.conn, events=scored) if one.award.award_id not in of_claims]
    whys = await load_whys(tx.conn, awards=[(one.award.community, one.award.award_id) for one in plain])
    of_plain = []
    for earned in plain:
        word, void = marks[_event(earned.award)].word, whys.get((earned.award.community, earned.award.award_id))
        if earned.award.award_id in restated:
            claim = as_claim(earned, word, void)
            of_plain.append(as_told(claim, restated[claim.award_id], is_said=word is not None))
        elif word is not None:
            found.append(amended(earned, word, None, void=void))
    await claims_store.put_whole_claims(tx.conn, claims=of_plain)
    await tell_claims(tx, of_plain)
    await tell(tx, [award for award in found if award is not None])
    await store.drop_read_back(tx.conn, events=sorted(events))


def _event(award: Award) -> EventKey:
    return award.community, award.event_uid


def _told(fact: PointsAwarded) -> RecordedAward:
    data = fact["data"]
    award = Award(
        community=fact["community"],
        award_id=data["award_id"],
        member_id=data["member_id"],
        points=data["points"],
        rule_id=data["rule_id"],
        beneficiary=data["beneficiary"],
        programme_id=data["programme_id"],
        programme_version=data["programme_version"],
        event_uid=data["event_uid"],
        event_type=data["event_type"],
        event_time=data["event_time"].astimezone(UTC),
        received_at=data["received_at"].astimezone(UTC),
        day=data.get("day"),
        week=data.get("week"),
        amends=data.get("amends"),
        revision=data.get("revision"),
        cause=data.get("cause"),
        total=data.get("total"),
        score=data.get("score"),
        available_at=_utc(data.get("available_at")),
        expires_at=_utc(data.get("expires_at")),
        traceparent=None,
        restatement_id=data.get("restatement_id"),
    )
    return RecordedAward(award, fact["time"])


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


READ_BACK = (
    ReadBack((POINTS,), POINTS_AWARDED.adapter, on_awards_told),
    ReadBack((POINTS,), POINTS_AWARDED.adapter, on_events_read, after_inputs=True),
)
