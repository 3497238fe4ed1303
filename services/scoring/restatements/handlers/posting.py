"""Restatements are posted, and taken back, part by part, each in a transaction of its own; communities take turns.

A part is posted against what stands in that moment: what was said of its events since it was worked out, who was
merged since, and what others earned count. Killed and begun again nothing is posted twice: a part is marked in the
transaction that posts it, and an amendment's id follows from its award's and its revision.
"""

from services.scoring.audiences.store.turns import put_due as put_members_due
from services.scoring.awards.domain.awards import Award
from services.scoring.awards.handlers.rooms import READ_BACK_LEFT
from services.scoring.awards.handlers.telling import tell
from services.scoring.campaigns.handlers.spending import spend
from services.scoring.limits.domain.windows import UNBOUNDED
from services.scoring.limits.store.claims import put_claims, put_whole_claims
from services.scoring.limits.store.members import lock_members
from services.scoring.limits.store.windows import put_windows
from services.scoring.metrics import RESTATED_AWARDS
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.programmes.store.versions import lock_head_for_update
from services.scoring.restatements.domain.restatements import Difference, Restatement, RestatementState
from services.scoring.restatements.domain.restating import Outcome, Part, reversal_of
from services.scoring.restatements.handlers.telling import tell_members
from services.scoring.restatements.handlers.working_out import members_locked_for, spending, work_out
from services.scoring.restatements.store import parts as part_store
from services.scoring.restatements.store import restatements as store
from services.scoring.rules.domain.attributes import MemberKey
from services.scoring.settings import Settings
from services.scoring.voids.store import add_voided, note_content_events
from shared.merges import lock_heads
from shared.transaction import Transaction

#: Places of differences are counted from here on in each part.
PLACES_OF_PART = 100_000

#: Restatements whose part broke in this process when it was tried last.
_BROKEN: set[str] = set()


async def post_next(tx: Transaction[Settings]) -> bool:
    """Timer: post or take back the next part of the restatement whose turn it is, or tell members of one.

    Returns whether there may be more.
    """
    if await READ_BACK_LEFT.is_any(tx.conn):
        # After a restore awards are what they were only once all events are read again.
        return False
    restatement = await store.lock_next_to_post(tx.conn, behind=sorted(_BROKEN))
    if restatement is None:
        return await tell_members(tx)
    # Should its part break, others are before it the next time: nothing of this one is kept.
    _BROKEN.add(restatement.restatement_id)
    if restatement.state is RestatementState.POSTING:
        await _post_part(tx, restatement)
    else:
        await _take_back_part(tx, restatement)
    _BROKEN.discard(restatement.restatement_id)
    return True


async def _post_part(tx: Transaction[Settings], restatement: Restatement) -> None:
    found = await part_store.next_part(tx.conn, restatement)
    if found is None:
        return
    number, part = found
    outcome, awards = await _post(tx, restatement, part=part)
    await part_store.set_part_posted(tx.conn, restatement, part=number, before=reversal_of(outcome.replaced))
    await part_store.put_differences(
        tx.conn, restatement, part=number, differences=differences_of(awards, part=number, is_posted=True)
    )
    await store.set_part_done(tx.conn, restatement, now=tx.now)
    RESTATED_AWARDS.labels("posted").inc(len(awards))


async def _take_back_part(tx: Transaction[Settings], restatement: Restatement) -> None:
    found = await part_store.last_part(tx.conn, restatement)
    if found is None:
        return
    number, part = found
    _, awards = await _post(tx, restatement, part=part)
    await part_store.delete_part(tx.conn, restatement, part=number)
    await store.set_part_done(tx.conn, restatement, now=tx.now)
    RESTATED_AWARDS.labels("taken_back").inc(len(awards))
    if number == 0:
        await store.set_state(tx.conn, restatement.stepped(RestatementState.REVERSED, now=tx.now))


async def _post(tx: Transaction[Settings], restatement: Restatement, *, part: Part) -> tuple[Outcome, list[Award]]:
    """Have a part be what it is by the version now; returns that, and what was told of it."""
    conn, community = tx.conn, restatement.community
    # 1. No event of the community is scored meanwhile, and nobody is merged.
    await lock_head_for_update(conn, community=community)
    await lock_heads(conn, keys={(community, claim.member_id) for claim in part.claims})
    # 2. Members of all claims, as whoever changes claims does. How many there may be was bounded before it was
    #    approved; what is half posted is posted.
    members = await members_locked_for(conn, part, community=community, claims_max_count=UNBOUNDED)
    if members:
        await lock_members(conn, members=members)
    outcome = await work_out(conn, part, community=community, claims_max_count=UNBOUNDED)
    if not outcome.replaced:
        return outcome, []
    # Whoever upholds a report or suspends somebody later finds what is new.
    await note_content_events(
        conn,
        events=[
            (community, part.contents[uid], uid, time)
            for uid, time in sorted({(one.after.event_uid, one.after.event_time) for one in outcome.replaced})
            if uid in part.contents
        ],
    )
    await add_voided(conn, voided=outcome.voided)
    # 3. What waits for no campaign comes before their books are locked.
    await put_windows(conn, windows=outcome.windows)
    asked, asking = spending(outcome)
    await spend(tx, claims=asked)
    for one in asking:
        one.is_over()
    # 4. The facts, and what is known from now on.
    awards = outcome.awards(restatement.restatement_id)
    await tell(tx, awards)
    await put_whole_claims(conn, claims=[one.after for one in outcome.replaced])
    if outcome.beside:
        await put_claims(conn, claims=outcome.beside)
    await _look_at_members(tx, awards, community=community)
    return outcome, awards


async def _look_at_members(tx: Transaction[Settings], awards: list[Award], *, community: str) -> None:
    """What members earned may take them into audiences, or out of them."""
    _, programme = await document_in_force(tx.conn, community=community, at=tx.now)
    if programme is not None and any(audience.measures for audience in programme.audiences or ()):
        await put_members_due(tx.conn, due={MemberKey(community, award.member_id): tx.now for award in awards})


def differences_of(awards: list[Award], *, part: int, is_posted: bool) -> list[Difference]:
    """What awards of a part change, in their order."""
    in_order = sorted(awards, key=lambda award: (award.event_time, award.amends or award.award_id))
    return [
        Difference.of(part * PLACES_OF_PART + place, award, is_posted=is_posted)
        for place, award in enumerate(in_order, start=1)
    ]
