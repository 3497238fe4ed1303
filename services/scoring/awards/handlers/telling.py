"""Awards and amendments become rows and facts, in one transaction."""

from collections.abc import Sequence

from services.scoring.awards import store
from services.scoring.awards.domain.awards import Award
from services.scoring.metrics import AWARDED_POINTS, AWARDS_MADE
from shared.contracts.facts import POINTS_AWARDED, AwardData
from shared.contracts.facts.points import ByHandData
from shared.topics import POINTS
from shared.transaction import Transaction


async def tell(tx: Transaction, awards: Sequence[Award], *, by_hand: ByHandData | None = None) -> None:
    """Append awards and amendments and publish them, in their order; `by_hand` says which person gave them."""
    if not awards:
        return
    await store.add_awards(tx.conn, awards=awards, recorded_at=tx.now)
    for award in awards:
        tx.tell(
            POINTS,
            POINTS_AWARDED,
            fact_id=award.award_id,
            community=award.community,
            subject=award.member_id,
            data=_award_data(award, by_hand),
            traceparent=award.traceparent,
            is_backfill=award.is_backfill,
        )
    of_kind: dict[str, list[int]] = {"award": [], "increase": [], "decrease": []}
    for award in awards:
        kind = "award" if award.amends is None else "increase" if award.points > 0 else "decrease"
        of_kind[kind].append(award.points)
    for kind, points in of_kind.items():
        AWARDS_MADE.labels(kind).inc(len(points))
        AWARDED_POINTS.labels(kind).inc(abs(sum(points)))


def _award_data(award: Award, by_hand: ByHandData | None) -> AwardData:
    data: AwardData = {
        "award_id": award.award_id,
        "member_id": award.member_id,
        "points": award.points,
        "rule_id": award.rule_id,
        "beneficiary": award.beneficiary,
        "programme_id": award.programme_id,
        "programme_version": award.programme_version,
        "event_uid": award.event_uid,
        "event_type": award.event_type,
        "event_time": award.event_time,
        "received_at": award.received_at,
    }
    if award.amends is not None and award.revision is not None and award.cause and award.total is not None:
        data["amends"] = award.amends
        data["revision"] = award.revision
        data["cause"] = award.cause
        data["total"] = award.total
    if award.score is not None:
        data["score"] = award.score
    if award.available_at is not None:
        data["available_at"] = award.available_at
    if award.expires_at is not None:
        data["expires_at"] = award.expires_at
    if award.campaign is not None:
        data["campaign"] = award.campaign
    if award.restatement_id is not None:
        data["restatement_id"] = award.restatement_id
    if award.day is not None:
        data["day"] = award.day
    if award.week is not None:
        data["week"] = award.week
    if by_hand is not None:
        data["by_hand"] = by_hand
    return data
