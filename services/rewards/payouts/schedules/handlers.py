"""Schedules that two people put in force and one stops, and the runs that are prepared at their times.

A run that is prepared is computed and waits for its approver like any other: nothing here approves. It is made by
the person who proposed the schedule, who therefore does not approve it.
"""

import logging
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict

from services.rewards.approvals.domain import Approval, Author, Subject
from services.rewards.approvals.handlers import (
    approve_approval,
    as_told,
    author_as_told,
    decide_as_told,
    propose_approval,
    told,
    withdraw_approval,
)
from services.rewards.approvals.store import lock_entries
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.metrics import PAYOUT_SCHEDULES_REFUSED, PAYOUT_TURNS_GIVEN_UP
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.runs.domain.rails import NOT_MADE, NoPayableTermsError, Rail, why_not_made
from services.rewards.payouts.runs.domain.runs import RunState, run_id
from services.rewards.payouts.runs.handlers.computing import prepare
from services.rewards.payouts.runs.handlers.rails import check_payable_by, load_rails, load_wanted
from services.rewards.payouts.runs.store.runs import find_run
from services.rewards.payouts.schedules import store
from services.rewards.payouts.schedules.domain import (
    Due,
    Every,
    Schedule,
    ScheduledRun,
    ScheduledTime,
    ScheduleTerms,
    TimeState,
    TooManySchedulesError,
    UnknownScheduleError,
    due,
    request_id,
)
from services.rewards.settings import Settings
from shared.access_keys import Role, Scope, load_own, load_standings, scopes_of
from shared.audit import Did
from shared.contracts.facts import (
    MESSAGE_REQUESTED,
    PAYOUT_SCHEDULE_CHANGED,
    MessageRequestedData,
    PayoutScheduleChanged,
    PayoutScheduleData,
)
from shared.currencies import decimal_amount
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.postgres import TOOK_TOO_LONG, Connection
from shared.topics import MESSAGES, PAYOUTS
from shared.transaction import Transaction

_SUBJECT = Subject.PAYOUT_SCHEDULE
#: Schedules looked at in one transaction, which holds nobody up for long; the next ones wait for the next turn.
AT_ONCE_COUNT = 5
#: What took too long is looked at again after so long: others are looked at meanwhile.
AGAIN_AFTER = timedelta(minutes=5)
#: People written to of a run that is prepared, at most.
WRITTEN_TO_MAX_COUNT = 100

log = logging.getLogger(__name__)


async def propose_schedule(
    tx: Transaction[Settings], *, community: str, key: str, terms: ScheduleTerms, by: Author
) -> Schedule:
    """Propose when payout runs are prepared; it is in force once another person approves it.

    Raises TooManyWaitingError when as many wait as may.
    """
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    schedule_id = derived_id(f"{community}|payout schedule|{key}")
    known = await store.find_schedule(tx.conn, community=community, schedule_id=schedule_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_entry("propose", known, before=known))
        return known
    most = tx.settings.payout_schedules_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    schedule = Schedule(community, schedule_id, terms, approval)
    await store.add_schedule(tx.conn, schedule)
    _tell(tx, schedule)
    tx.did(_entry("propose", schedule))
    return schedule


async def approve_schedule(tx: Transaction[Settings], *, community: str, schedule_id: str, by: Author) -> Schedule:
    """Put a schedule in force that another person proposed; approving again changes nothing.

    Its first time is the first after this moment. Raises UnknownScheduleError, SamePersonError, DecidedError when
    it was withdrawn or who proposed it may not do so any more, and TooManySchedulesError when as many are in force
    as may be.
    """
    before = await _lock(tx, community=community, schedule_id=schedule_id)
    most = tx.settings.payout_schedules_max_count
    approval = await approve_approval(tx, before.approval, community=community, entry_id=schedule_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        if await store.count_in_force(tx.conn, community=community) > most:
            raise TooManySchedulesError(f"{most} schedules are in force; stop one first")
        _tell(tx, after)
    tx.did(_entry("approve", after, before=before))
    return after


async def withdraw_schedule(tx: Transaction, *, community: str, schedule_id: str, by: Author) -> Schedule:
    """Have a proposed schedule never come into force; again changes nothing.

    Raises UnknownScheduleError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, schedule_id=schedule_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=schedule_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        _tell(tx, after)
    tx.did(_entry("withdraw", after, before=before))
    return after


async def stop_schedule(tx: Transaction, *, community: str, schedule_id: str, by: Author) -> Schedule:
    """Have no more runs prepared by a schedule; again changes nothing. Runs that there are stay.

    Raises UnknownScheduleError, and ScheduleStateError when it was never in force.
    """
    before = await _lock(tx, community=community, schedule_id=schedule_id)
    after = before.stopped(by=by, now=tx.now)
    if after is not before:
        await store.set_stopped(tx.conn, after)
        _tell(tx, after)
    tx.did(_entry("stop", after, before=before))
    return after


async def load_schedule(conn: Connection, *, community: str, schedule_id: str) -> Schedule:
    """A schedule. Raises UnknownScheduleError when there is none."""
    schedule = await store.find_schedule(conn, community=community, schedule_id=schedule_id)
    if schedule is None:
        raise UnknownScheduleError
    return schedule


async def prepare_scheduled(tx: Transaction[Settings]) -> bool:
    """Timer: prepare runs of schedules whose time has come, and tell who may approve those that are ready.

    Whether more may be due: each is looked at when its next moment has come, those that wait longest first.
    """
    computed = await store.load_computed(tx.conn, limit=AT_ONCE_COUNT)
    for one in computed:
        await _tell_approvers(tx, one)
    keys = await store.load_due(tx.conn, now=tx.now, limit=AT_ONCE_COUNT)
    late: list[store.Key] = []
    for key in keys:
        # 1. What takes too long of one is undone with what it told; the others', of other communities, stays.
        try:
            async with tx.part():
                await _look_at(tx, key)
        except TOOK_TOO_LONG:
            log.exception("a payout schedule of %s took too long", key.community)
            PAYOUT_TURNS_GIVEN_UP.labels("schedules").inc()
            late.append(key)
    # 2. Only now, as nothing else is locked after it: another worker may hold the lock of the community meanwhile,
    # and wait for the schedule.
    if late:
        await store.put_off(tx.conn, late, at=tx.now + AGAIN_AFTER)
    PAYOUT_SCHEDULES_REFUSED.set(await store.count_refused(tx.conn))
    return AT_ONCE_COUNT in (len(computed), len(keys))


async def _look_at(tx: Transaction[Settings], key: store.Key) -> None:
    """Prepare what is due of a schedule, and note when it is looked at next."""
    # 1. Nobody stops it meanwhile, and of two who wake at once the second finds the day there.
    await lock_entries(tx.conn, subject=_SUBJECT, community=key.community)
    # 2. Who changes the calendar waits for the schedule, to have it looked at again after this.
    schedule, last_day = await store.lock_standing(tx.conn, key)
    # 3. So the calendar is the newest.
    calendar = await load_calendar(tx.conn, community=key.community)
    what = due(schedule, last_day=last_day, calendar=calendar, now=tx.now)
    if what is not None:
        made = await _made(tx, schedule, what=what)
        await store.add_time(tx.conn, made)
        for run in made.runs:
            if run.state is TimeState.REFUSED:
                day, by = made.time.day.isoformat(), run.provider or "bank"
                log.warning(
                    "no payout run of %s by %s was prepared for %s: %s", made.community, by, day, run.reason
                )
    following = schedule.next_times(tx.now, calendar)
    await store.set_next(tx.conn, schedule, at=following[0].due_at if following else None)


async def _made(tx: Transaction[Settings], schedule: Schedule, *, what: Due) -> ScheduledTime:
    made = ScheduledTime(schedule.community, schedule.schedule_id, what.time, what.missed_count, tx.now)
    proposer = schedule.approval.proposed_by
    credentials = [(proposer.person_id, proposer.credential)]
    (standing,) = await load_standings(tx.conn, credentials, community=schedule.community)
    reason = standing.why_not_in_person(Scope.PAYOUTS_WRITE)
    if reason is not None:
        return replace(made, runs=[_refused(f"who proposed the schedule may not make runs any more: {reason}")])
    try:
        rails = await load_rails(tx.conn, community=schedule.community, now=tx.now)
    except NoPayableTermsError as error:
        return replace(made, runs=[_refused(str(error))])
    chosen = await load_wanted(tx.conn, community=schedule.community, now=tx.now)
    runs = [
        await _run_by(
            tx, schedule, rail=rail, day=what.time.day, is_first=rail == rails[0], is_wanted=rail in chosen
        )
        for rail in rails
    ]
    return replace(made, runs=[run for run in runs if run is not None])


async def _run_by(
    tx: Transaction[Settings], schedule: Schedule, *, rail: Rail, day: date, is_first: bool, is_wanted: bool
) -> ScheduledRun | None:
    """What becomes of a rail at a time; None where nobody has anything to be paid by it."""
    community, key = schedule.community, schedule.key_of(day, None if is_first else rail)
    if not is_wanted and await find_run(tx.conn, community=community, run_id=run_id(community, key)) is None:
        return None
    # By the person, and not by the key of then: a key that was replaced stops no schedule.
    by = Actor(schedule.approval.proposed_by.person_id, f"schedule:{schedule.schedule_id}")
    try:
        await check_payable_by(tx.conn, rail, community=community)
        run = await prepare(
            tx, community=community, idempotency_key=key, by=by, provider=rail.provider, currency=rail.currency
        )
    except NOT_MADE as error:
        return _refused(why_not_made(error), rail)
    return None if run is None else ScheduledRun(*rail, TimeState.COMPUTING, run.run_id)


def _refused(reason: str, rail: Rail | None = None) -> ScheduledRun:
    provider, currency = (None, "") if rail is None else rail
    return ScheduledRun(provider, currency, TimeState.REFUSED, reason=reason)


async def _tell_approvers(tx: Transaction, computed: store.Computed) -> None:
    """Write to each person who may approve the run and is a member, under one of their ids; once."""
    await store.set_prepared(tx.conn, computed, at=tx.now)
    if computed.run_state is not RunState.OPEN or not computed.payable_count:
        return
    community = computed.community
    roles = [role for role in Role if Scope.PAYOUTS_APPROVE in scopes_of((role,), community)]
    people = await store.load_people_with(tx.conn, community=community, roles=roles, limit=WRITTEN_TO_MAX_COUNT)
    for person_id in people:
        own = sorted(await load_own(tx.conn, community=community, person_id=person_id))
        if not own or person_id == computed.made_by_person:
            continue
        fact_id = request_id(computed.run_id, community=community, person_id=person_id)
        data: MessageRequestedData = {
            "request_id": fact_id,
            "kind": "payout_run_prepared",
            "member_id": own[0],
            "values": {
                "payouts": str(computed.payable_count),
                "amount": f"{decimal_amount(computed.amount_minor, computed.currency)} {computed.currency}",
                "day": computed.day.isoformat(),
            },
        }
        tx.tell(MESSAGES, MESSAGE_REQUESTED, fact_id=fact_id, community=community, subject=own[0], data=data)


async def _lock(tx: Transaction, *, community: str, schedule_id: str) -> Schedule:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    return await load_schedule(tx.conn, community=community, schedule_id=schedule_id)


def _entry(verb: str, after: Schedule, *, before: Schedule | None = None) -> Did:
    terms = after.terms
    said: dict[str, Any] = {
        "state": after.approval.state,
        "stopped": after.stopped_at is not None,
        "effective_from": terms.effective_from.isoformat(),
        "every": terms.every.value,
        "on_day": terms.on_day,
        "month_of_quarter": terms.month_of_quarter,
        "at": _clock(terms.at),
    }
    was = None if before is None else {"state": before.approval.state, "stopped": before.stopped_at is not None}
    return Did(f"payout_schedule.{verb}", "payout_schedule", after.schedule_id, before=was, after=said)


class _Sometimes(TypedDict, total=False):
    """What a fact of a schedule says of some alone."""

    month_of_quarter: int
    stopped_at: datetime
    stopped_by: str
    stopped_by_person: str


def _tell(tx: Transaction, schedule: Schedule) -> None:
    terms = schedule.terms
    state, more = schedule.approval.state.value, _Sometimes()
    if terms.month_of_quarter is not None:
        more["month_of_quarter"] = terms.month_of_quarter
    if schedule.stopped_at is not None and schedule.stopped_by is not None:
        state = "stopped"
        more["stopped_at"] = schedule.stopped_at
        more["stopped_by"] = schedule.stopped_by.credential
        if schedule.stopped_by.person_id is not None:
            more["stopped_by_person"] = schedule.stopped_by.person_id
    data: PayoutScheduleData = {
        "schedule_id": schedule.schedule_id,
        "effective_from": terms.effective_from,
        "every": terms.every.value,
        "on_day": terms.on_day,
        "at": _clock(terms.at),
        **told(schedule.approval),
        **more,
    }
    tx.tell(
        PAYOUTS,
        PAYOUT_SCHEDULE_CHANGED,
        fact_id=derived_id(f"{schedule.community}|payout schedule|{schedule.schedule_id}|{state}"),
        community=schedule.community,
        subject=schedule.schedule_id,
        data=data,
    )


def _clock(at: time) -> str:
    return at.strftime("%H:%M")


async def on_schedules_told(tx: Transaction, facts: list[PayoutScheduleChanged]) -> None:
    """Take in the schedules that the database has forgotten, and what was decided of them."""
    for fact in facts:
        community, data = fact["community"], fact["data"]
        key = {"community": community, "schedule_id": data["schedule_id"]}
        approval = await as_told(tx, data, subject=_SUBJECT, community=community)
        known = await store.find_schedule(tx.conn, **key)
        if known is None:
            waiting = _schedule_told(community, data, replace(approval, state=approval.state.PROPOSED))
            await store.add_schedule(tx.conn, waiting)
        before = None if known is None else known.approval
        await decide_as_told(tx, approval, known=before, community=community, entry_id=data["schedule_id"])
        stopped_at: datetime | None = data.get("stopped_at")
        if stopped_at is not None:
            by = await author_as_told(
                tx, data.get("stopped_by_person"), credential=data.get("stopped_by", ""), community=community
            )
            schedule = _schedule_told(community, data, approval)
            await store.set_stopped(tx.conn, schedule.stopped(by=by, now=stopped_at))


def _schedule_told(community: str, data: PayoutScheduleData, approval: Approval) -> Schedule:
    terms = ScheduleTerms(
        effective_from=data["effective_from"],
        every=Every(data["every"]),
        on_day=data["on_day"],
        at=time.fromisoformat(data["at"]),
        month_of_quarter=data.get("month_of_quarter"),
    )
    return Schedule(community, data["schedule_id"], terms, approval)


#: Before runs: a time that the backup lacks is found to have its run once it comes again.
READ_BACK = (
    ReadBack((PAYOUTS,), PAYOUT_SCHEDULE_CHANGED.adapter, on_schedules_told, (PAYOUT_SCHEDULE_CHANGED.name,)),
)
