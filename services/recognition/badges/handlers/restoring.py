"""After a restore: badges that were told and that the database has forgotten are what stands again.

What was written with them is told nowhere, and stays forgotten.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.recognition.badges.domain.by_hand import Gift, Withheld
from services.recognition.badges.handlers.following import regroup
from services.recognition.badges.store import by_hand as store
from services.recognition.badges.store import restoring as restoring_store
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Due, Grant
from services.recognition.totals.handlers import grant_told, grants_in
from shared.contracts.facts import RECOGNITION_FACT, RecognitionFact
from shared.merges import load_people, members_of
from shared.own_facts import ReadBack
from shared.topics import RECOGNITION
from shared.transaction import Transaction

NOBODY = ""


async def on_badges_told(tx: Transaction, facts: list[RecognitionFact]) -> None:
    """Take in what was told of badges that ask for several things or were given by hand; the grants are there."""
    told_at = {fact["data"]["grant_id"]: fact["time"] for fact in grants_in(facts)}
    told = [grant_told(fact) for fact in grants_in(facts)]
    badges = [one for one in told if one.key.kind == "badge" and one.award_id is None and one.event_uid is None]
    by_criteria = [one for one in badges if not one.by_hand or one.reverses is not None]
    keys = {(one.community, one.member_id) for one in by_criteria}
    # What stands for a person is with who stays: it is that of all of theirs, whichever of them was told of.
    people = await load_people(tx.conn, keys=keys)
    await restoring_store.rebuild(tx.conn, keys=keys | members_of(people))
    for grant in badges:
        if grant.by_hand:
            await _by_hand(tx, grant)
    await _editions(tx, badges, told_at=told_at)
    for community, groups in people.items():
        await regroup(tx, community=community, groups=groups)
    due = {(one.community, one.member_id): Due(tx.now) for one in badges}
    if due:
        await thresholds_store.put_due(tx.conn, due=due)


async def _by_hand(tx: Transaction, grant: Grant) -> None:
    community, badge = grant.community, grant.key.base_id
    if grant.reverses is None:
        gift = Gift(community, grant.grant_id, grant.member_id, badge, None, grant.event_time, None, NOBODY)
        await store.add_gift(tx.conn, gift)
        return
    taken = await restoring_store.is_gift(tx.conn, community=community, grant_id=grant.reverses)
    if taken:
        await store.set_taken_back(
            tx.conn,
            community=community,
            grant_id=grant.reverses,
            at=grant.event_time,
            by_person=None,
            by_name=NOBODY,
            reason=None,
        )
    else:
        withheld = Withheld(community, grant.member_id, badge, grant.event_time, None, NOBODY, None)
        await store.put_withheld(tx.conn, withheld)


async def _editions(tx: Transaction, grants: Sequence[Grant], *, told_at: Mapping[str, datetime]) -> None:
    """Numbers that were given are given, and those that were freed by hand are free.

    In the order in which it was told, of which the database may know the last: what it knows to be later stays.
    """
    for grant in grants:
        at = told_at[grant.grant_id]
        if grant.edition is not None and grant.reverses is None:
            await restoring_store.put_edition(tx.conn, grant=grant, at=at)
        elif grant.freed:
            await restoring_store.free_editions(tx.conn, grant=grant, at=at)


READ_BACK = (ReadBack((RECOGNITION,), RECOGNITION_FACT, on_badges_told),)
