"""Rounds are declared and decided, members nominated and voted for, and who is meant is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.ingest.communities.handlers import calendars_of
from services.ingest.events.domain.judgement import event_uid
from services.ingest.events.handlers import send_own
from services.ingest.ideas.domain import idea_of as uuid_of
from services.ingest.measuring.domain.texts import UnknownTextError
from services.ingest.measuring.handlers.sealing import sealer_of
from services.ingest.members.domain import MemberKey
from services.ingest.members.handlers.own import own_identities
from services.ingest.members.store import members as members_store
from services.ingest.metrics import NOMINATIONS
from services.ingest.nominations import domain, store
from services.ingest.nominations.domain import (
    CHANNEL,
    HOST,
    SOURCE,
    DeclareRound,
    Nomination,
    Round,
    RoundState,
    Said,
    ShownNomination,
)
from services.ingest.nominations.handlers.telling import tell_nomination, tell_round, tell_vote
from services.ingest.nominations.store import Vote
from services.ingest.settings import Settings
from services.ingest.suggesting.store import is_suspended
from services.ingest.walls.handlers import case_outcomes, find_declared
from shared.audit import Did
from shared.contracts.activities.told import text_of
from shared.contracts.facts import MESSAGE_REQUESTED, GuidelineFact, MessageRequestedData
from shared.contracts.programme.listed import find_listed
from shared.followed_audiences import is_in
from shared.merges import find_head, load_group, lock_heads
from shared.postgres import Connection
from shared.topics import MESSAGES
from shared.transaction import Transaction

DECIDE_EVERY_SECONDS: Final = 5.0
#: The kind of messages about a nomination.
MESSAGE_KIND: Final = "nomination"


class Counted(NamedTuple):
    """A round with who is nominated, and how many vote for each where that is shown; None where it is not."""

    round: Round
    nominations: Sequence[ShownNomination]
    counts: dict[str, int] | None


async def declare(tx: Transaction[Settings], *, community: str, wanted: DeclareRound) -> Round:
    """Declare a round, of days of the community's. Raises NotADateError and TooManyNominationsError."""
    calendar = (await calendars_of(tx, communities={community}))[community]
    domain.check_days(wanted, today=calendar.day_of(tx.now))
    most = tx.settings.nomination_rounds_max_count
    if await store.count_open_rounds(tx.conn, community=community) >= most:
        raise domain.TooManyNominationsError(f"{most} rounds may be open at once, and are")
    made = Round(
        community,
        wanted.round_id,
        wanted.title,
        wanted.about,
        calendar.start_of(wanted.starts_on),
        calendar.start_of(wanted.votes_from),
        calendar.start_of(wanted.ends_on + timedelta(days=1)),
        wanted.nominators,
        wanted.voters,
        wanted.winners,
        wanted.is_live,
        wanted.needs_yes,
        tx.now,
    )
    await store.add_round(tx.conn, made)
    tell_round(tx, made)
    after = {"title": made.title, "ends_on": wanted.ends_on.isoformat(), "winners": made.winners}
    tx.did(Did("nomination_round.declare", "nomination_round", made.round_id, after=after))
    NOMINATIONS.labels("declared").inc()
    return made


async def cancel(tx: Transaction[Settings], *, community: str, round_id: str, reason: str) -> Round:
    """Have a round come to nothing. Twice is once.

    Raises UnknownRoundError, and NotOpenError once it is decided.
    """
    found = await _round(tx.conn, community=community, round_id=round_id, lock="update")
    if found.cancelled_at is not None:
        tx.did_nothing()
        return found
    if found.decided_at is not None:
        raise domain.NotOpenError(RoundState.DECIDED)
    await store.set_cancelled(tx.conn, community=community, round_id=round_id, at=tx.now)
    cancelled = replace(found, cancelled_at=tx.now)
    tell_round(tx, cancelled)
    tx.did(Did("nomination_round.cancel", "nomination_round", round_id, after={"reason": reason}))
    return cancelled


async def nominate(
    tx: Transaction[Settings],
    *,
    community: str,
    round_id: str,
    nomination_id: str,
    nominator_id: str,
    nominee_id: str,
    citation: str,
    language: str | None,
) -> Nomination:
    """Put somebody forward, once in a round, by somebody else who may.

    Raises UnknownRoundError, NotOpenError, NotOfAudienceError, NotStandingError, OwnNominationError,
    NominatedError and TooManyNominationsError.
    """
    keys = [(community, nominator_id), (community, nominee_id)]
    heads = await lock_heads(tx.conn, keys=keys)
    nominator_id, nominee_id = (heads.get(key, key[1]) for key in keys)
    if nominator_id == nominee_id:
        raise domain.OwnNominationError
    own = await _person(tx, community=community, member_id=nominator_id)
    group = await _person(tx, community=community, member_id=nominee_id)
    await own_identities(
        tx, community=community, member_ids={nominator_id, nominee_id}, channel=CHANNEL, host=HOST
    )
    # Whoever nominates in a round waits for another: nobody is nominated twice.
    found = await _round(tx.conn, community=community, round_id=round_id, lock="update")
    domain.check_state(found, RoundState.NOMINATING, now=tx.now)
    await _check_audience(tx.conn, community=community, audience=found.nominators, member_id=nominator_id)
    shown = await store.load_shown(
        tx.conn, community=community, round_id=round_id, now=tx.now, limit_count=_most(tx.settings)
    )
    if any(one.nomination.nominee_id in group for one in shown):
        raise domain.NominatedError
    if len(shown) >= tx.settings.nominations_max_count:
        raise domain.TooManyNominationsError(f"{tx.settings.nominations_max_count} are nominated in the round")
    if sum(one.nomination.nominator_id in own for one in shown) >= tx.settings.nominations_of_member_max_count:
        raise domain.TooManyNominationsError(
            f"one nominates {tx.settings.nominations_of_member_max_count} in a round at most"
        )
    declared = await find_declared(tx.conn, community=community, now=tx.now)
    is_listed = find_listed(citation, declared.words) is not None
    uid = event_uid(community, SOURCE, nomination_id)
    made = Nomination(
        community, nomination_id, round_id, nominee_id, nominator_id, uid, tx.now, is_listed=is_listed
    )
    made = replace(made, is_shown=not is_listed)
    await store.add_nomination(tx.conn, made)
    tell_nomination(tx, made, what="made")
    send_own(tx, community=community, event=domain.made(made, citation=citation, language=language))
    _tell(tx, made, what="nominated", to=nominee_id, title=found.title)
    after = {"nominee_id": nominee_id, "round_id": round_id}
    tx.did(Did("nomination.make", "nomination", nomination_id, nominator_id, after=after))
    NOMINATIONS.labels("made").inc()
    return made


async def say(
    tx: Transaction[Settings], *, community: str, nomination_id: str, member_id: str, said: Said
) -> Nomination:
    """Have a nominee say whether they stand, until the round is over.

    Raises UnknownNominationError for anybody else's, and NotOpenError.
    """
    made, found = await _of(tx, community=community, nomination_id=nomination_id)
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    group = await load_group(tx.conn, community=community, head_id=head_id)
    if made.nominee_id not in group:
        raise domain.UnknownNominationError
    state = found.state_at(tx.now)
    if state not in (RoundState.NOMINATING, RoundState.VOTING):
        raise domain.NotOpenError(state)
    if made.said is said:
        tx.did_nothing()
        return made
    await store.set_said(tx.conn, community=community, nomination_id=nomination_id, said=said)
    verb = "accept" if said is Said.ACCEPTED else "decline"
    before, after = {"said": made.said.value}, {"said": said.value}
    tx.did(Did(f"nomination.{verb}", "nomination", nomination_id, head_id, before=before, after=after))
    answered = replace(made, said=said)
    tell_nomination(tx, answered, what=said.value)
    return answered


async def vote(tx: Transaction[Settings], *, community: str, nomination_id: str, voter_id: str) -> Nomination:
    """Vote for a nomination, in place of whom the person voted for before in the round.

    Raises UnknownNominationError, OwnNominationError, and what `nominate` raises but NominatedError.
    """
    key = (community, voter_id)
    voter_id = (await lock_heads(tx.conn, keys=[key])).get(key, voter_id)
    group = await _person(tx, community=community, member_id=voter_id, lock=True)
    await own_identities(tx, community=community, member_ids={voter_id}, channel=CHANNEL, host=HOST)
    made, found = await _of(tx, community=community, nomination_id=nomination_id)
    domain.check_state(found, RoundState.VOTING, now=tx.now)
    if made.nominee_id in group:
        raise domain.OwnNominationError
    if not domain.stands(made, needs_yes=found.needs_yes):
        raise domain.NotStandingError
    await _check_audience(tx.conn, community=community, audience=found.voters, member_id=voter_id)
    known = await store.load_votes(tx.conn, community=community, round_id=found.round_id, member_ids=group)
    if known and known[0].nomination_id == nomination_id:
        tx.did_nothing()
        return made
    number = 1 + max((one.number for one in known if one.member_id == voter_id), default=0)
    if number > domain.VOTES_MAX_COUNT:
        raise domain.TooManyNominationsError(f"one votes in a round at most {domain.VOTES_MAX_COUNT} times")
    for one in known:
        if one.member_id == voter_id:
            back = domain.withdrawn(one.nomination_id, voter_id=voter_id, number=one.number, at=tx.now)
            send_own(tx, community=community, event=back)
    given = Vote(voter_id, nomination_id, number, tx.now)
    await store.put_vote(tx.conn, community=community, round_id=found.round_id, vote=given)
    tell_vote(tx, given, community=community, round_id=found.round_id)
    send_own(tx, community=community, event=domain.voted(made, voter_id=voter_id, number=number, at=tx.now))
    tx.did(Did("nomination.vote", "nomination", nomination_id, voter_id, after={"number": number}))
    NOMINATIONS.labels("voted").inc()
    return made


async def decide(tx: Transaction[Settings]) -> bool:
    """Timer: count a round that is over, for good; whether there was one."""
    found = await store.take_over(tx.conn, now=tx.now)
    if found is None:
        return False
    shown = await store.load_shown(
        tx.conn, community=found.community, round_id=found.round_id, now=tx.now, limit_count=_most(tx.settings)
    )
    counts = await store.count_votes(tx.conn, community=found.community, round_id=found.round_id)
    standing = [
        one.nomination.nomination_id
        for one in shown
        if one.is_eligible and domain.stands(one.nomination, needs_yes=found.needs_yes)
    ]
    results = domain.results(counts, standing=standing, winners=found.winners)
    await store.set_results(tx.conn, found, results=results, at=tx.now)
    tell_round(tx, replace(found, decided_at=tx.now))
    by_id = {one.nomination.nomination_id: one for one in shown}
    for result in results:
        decided = replace(
            by_id[result.nomination_id].nomination,
            votes_count=result.votes_count,
            place=result.place,
            has_won=result.has_won,
        )
        tell_nomination(tx, decided, what="decided")
        if result.has_won:
            one = by_id[result.nomination_id]
            send_own(tx, community=found.community, event=domain.won(one.nomination, result, at=tx.now))
            _tell(tx, one.nomination, what="won", to=one.nominee_id, title=found.title)
    NOMINATIONS.labels("decided").inc()
    return True


async def find_counted(
    conn: Connection, settings: Settings, *, community: str, round_id: str, now: datetime
) -> Counted:
    """A round with who is nominated and why, and the counts: as they are, where they are shown meanwhile.

    Raises UnknownRoundError.
    """
    found = await _round(conn, community=community, round_id=round_id)
    shown = await store.load_shown(
        conn, community=community, round_id=round_id, now=now, limit_count=_most(settings)
    )
    counts = None
    if found.decided_at is not None:
        counts = {one.nomination.nomination_id: one.nomination.votes_count or 0 for one in shown}
    elif found.is_live:
        counts = await store.count_votes(conn, community=community, round_id=round_id)
    return Counted(found, [replace(one, citation=_citation(settings, one)) for one in shown], counts)


async def on_guidelines(tx: Transaction[Settings], facts: list[GuidelineFact]) -> None:
    """Keep what became of cases of nominations: what was upheld stands no more, and what was dismissed does."""
    own = [
        one
        for one in case_outcomes(facts)
        if (one.channel, one.host) == (CHANNEL, HOST) and uuid_of(one.object_id) is not None
    ]
    if own:
        await store.set_cases(tx.conn, outcomes=own)


def _most(settings: Settings) -> int:
    return settings.nominations_max_count


def _citation(settings: Settings, one: ShownNomination) -> str | None:
    if one.text is None:
        return None
    try:
        return text_of(sealer_of(settings.text_keys).open(one.text).fields)
    except UnknownTextError:
        return None


def _tell(tx: Transaction[Settings], made: Nomination, *, what: str, to: str, title: str) -> None:
    request_id = domain.message_id(made.nomination_id, what, to)
    data: MessageRequestedData = {
        "request_id": request_id,
        "kind": MESSAGE_KIND,
        "member_id": to,
        "values": {"title": title, "state": what, "round_id": made.round_id},
    }
    tx.tell(MESSAGES, MESSAGE_REQUESTED, fact_id=request_id, community=made.community, subject=to, data=data)


async def _round(conn: Connection, *, community: str, round_id: str, lock: str = "") -> Round:
    found = await store.find_round(conn, community=community, round_id=round_id, lock=lock)
    if found is None:
        raise domain.UnknownRoundError
    return found


async def _of(tx: Transaction[Settings], *, community: str, nomination_id: str) -> tuple[Nomination, Round]:
    """A nomination, and its round, which nobody decides meanwhile."""
    made = await store.find_nomination(tx.conn, community=community, nomination_id=nomination_id)
    if made is None:
        raise domain.UnknownNominationError
    found = await _round(tx.conn, community=community, round_id=made.round_id, lock="share")
    known = await store.find_nomination(tx.conn, community=community, nomination_id=nomination_id)
    return known or made, found


async def _person(tx: Transaction[Settings], *, community: str, member_id: str, lock: bool = False) -> list[str]:
    """All ids of somebody who is here, a person, and not suspended. Raises NotStandingError otherwise."""
    if lock:
        await store.lock_voter(tx.conn, community=community, member_id=member_id)
    found = await members_store.find_member(tx.conn, key=MemberKey(community, member_id))
    if found is None or found.bot_by is not None:
        raise domain.NotStandingError
    group = await load_group(tx.conn, community=community, head_id=member_id)
    if await is_suspended(tx.conn, community=community, member_ids=group, now=tx.now):
        raise domain.NotStandingError
    return group


async def _check_audience(conn: Connection, *, community: str, audience: str | None, member_id: str) -> None:
    if audience is not None and not await is_in(
        conn, community=community, audience_id=audience, member_id=member_id
    ):
        raise domain.NotOfAudienceError(audience)
