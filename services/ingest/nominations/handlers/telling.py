"""How rounds, nominations and votes stand is told, and read back by a database that came from a backup."""

from typing import Final

from services.ingest.nominations import store
from services.ingest.nominations.domain import Nomination, Round, Said
from services.ingest.nominations.store import Vote
from services.ingest.settings import Settings
from shared.contracts.facts import (
    NOMINATION_CHANGED,
    NOMINATION_FACT,
    NOMINATION_ROUND_CHANGED,
    NOMINATION_VOTE_CHANGED,
    NominationChangedData,
    NominationFact,
    NominationRoundData,
    NominationVoteData,
)
from shared.own_facts import ReadBack
from shared.topics import NOMINATIONS
from shared.transaction import Transaction


def tell_round(tx: Transaction[Settings], found: Round) -> None:
    """Tell how a round stands."""
    data: NominationRoundData = {
        "round_id": found.round_id,
        "title": found.title,
        "starts_at": found.starts_at,
        "votes_from": found.votes_from,
        "ends_at": found.ends_at,
        "winners": found.winners,
        "is_live": found.is_live,
        "needs_yes": found.needs_yes,
        "made_at": found.made_at,
    }
    if found.about is not None:
        data["about"] = found.about
    if found.nominators is not None:
        data["nominators"] = found.nominators
    if found.voters is not None:
        data["voters"] = found.voters
    what = "declared"
    if found.decided_at is not None:
        data["decided_at"], what = found.decided_at, "decided"
    if found.cancelled_at is not None:
        data["cancelled_at"], what = found.cancelled_at, "cancelled"
    tx.tell(
        NOMINATIONS,
        NOMINATION_ROUND_CHANGED,
        fact_id=f"{found.round_id}/{what}",
        community=found.community,
        subject=found.round_id,
        data=data,
    )


def tell_nomination(tx: Transaction[Settings], one: Nomination, *, what: str) -> None:
    """Tell how a nomination stands; `what` happened makes the id of the fact, with the time."""
    data: NominationChangedData = {
        "nomination_id": one.nomination_id,
        "round_id": one.round_id,
        "nominee_id": one.nominee_id,
        "nominator_id": one.nominator_id,
        "event_uid": one.event_uid,
        "made_at": one.made_at,
        "said": one.said.value,
        "is_listed": one.is_listed,
    }
    if one.votes_count is not None:
        data["votes"] = one.votes_count
    if one.place is not None:
        data["place"] = one.place
    if one.has_won is not None:
        data["has_won"] = one.has_won
    tx.tell(
        NOMINATIONS,
        NOMINATION_CHANGED,
        fact_id=f"{one.nomination_id}/{what}/{tx.now.isoformat()}",
        community=one.community,
        subject=one.round_id,
        data=data,
    )


def tell_vote(tx: Transaction[Settings], vote: Vote, *, community: str, round_id: str) -> None:
    """Tell whom a member votes for now."""
    data: NominationVoteData = {
        "round_id": round_id,
        "nomination_id": vote.nomination_id,
        "member_id": vote.member_id,
        "number": vote.number,
        "voted_at": vote.voted_at,
    }
    tx.tell(
        NOMINATIONS,
        NOMINATION_VOTE_CHANGED,
        fact_id=f"{round_id}/{vote.member_id}/{vote.number}",
        community=community,
        subject=round_id,
        data=data,
    )


async def on_nominations_told(tx: Transaction[Settings], facts: list[NominationFact]) -> None:
    """Remember rounds, nominations and votes of which a restored database knows nothing any more.

    Who was erased since is erased again in a later step, with what is remembered of them here.
    """
    for fact in facts:
        community = fact["community"]
        if fact["type"] == "nomination_round.changed.v1":
            await store.put_round(tx.conn, _round(community, fact["data"]))
        elif fact["type"] == "nomination.changed.v1":
            await store.put_nomination(tx.conn, _nomination(community, fact["data"]))
        else:
            said = fact["data"]
            vote = Vote(said["member_id"], said["nomination_id"], said["number"], said["voted_at"])
            await store.put_vote(tx.conn, community=community, round_id=said["round_id"], vote=vote)


READ_BACK: Final = (ReadBack((NOMINATIONS,), NOMINATION_FACT, on_nominations_told),)


def _round(community: str, data: NominationRoundData) -> Round:
    return Round(
        community,
        data["round_id"],
        data["title"],
        data.get("about"),
        data["starts_at"],
        data["votes_from"],
        data["ends_at"],
        data.get("nominators"),
        data.get("voters"),
        data["winners"],
        data["is_live"],
        data["needs_yes"],
        data["made_at"],
        data.get("decided_at"),
        data.get("cancelled_at"),
    )


def _nomination(community: str, data: NominationChangedData) -> Nomination:
    return Nomination(
        community,
        data["nomination_id"],
        data["round_id"],
        data["nominee_id"],
        data["nominator_id"],
        data["event_uid"],
        data["made_at"],
        Said(data["said"]),
        data.get("votes"),
        data.get("place"),
        data.get("has_won"),
        is_listed=data["is_listed"],
    )
