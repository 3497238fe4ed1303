"""What is due is decided: who gets a word, who is held out, and what is no occasion any more.

Locks are taken in this order: merges, what is due.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.recognition.celebrations.store.ledger import load_erased
from services.recognition.counts import store as counts_store
from services.recognition.metrics import NUDGES as COUNTED
from services.recognition.nudges import store
from services.recognition.nudges.domain import (
    WORTH,
    Decided,
    Known,
    Prompt,
    asked_things,
    cause_of,
    chosen,
    ends_today,
    hour_of,
    topics_of,
    why_not,
)
from services.recognition.settings import Settings
from services.recognition.streaks.handlers import find_streaks
from services.recognition.suspensions import store as suspensions
from services.recognition.suspensions.domain import is_suspended
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Thresholds
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from shared.contracts.facts import MESSAGE_REQUESTED, NUDGE_DECIDED, MessageRequestedData, NudgeDecided
from shared.contracts.programme import Nudge
from shared.followed_audiences import is_in
from shared.merges import load_groups, load_heads, lock_persons
from shared.own_facts import ReadBack
from shared.topics import MESSAGES, NUDGES
from shared.transaction import Transaction

KEEP_EVERY_SECONDS = 1.0
#: What is decided in one transaction.
PIECE_COUNT = 200
#: Of those who may be asked so many are looked at for each that is wanted.
CANDIDATES_EACH = 5
FORGOTTEN_PIECE_COUNT = 1_000
#: Answers are kept for as long as somebody may wait for one, and a day.
ANSWERS_KEPT = timedelta(days=15)
BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class _Word:
    """What a message says beside its kind's own words, and until when it is worth sending."""

    values: Mapping[str, str]
    expires_at: datetime


async def keep_nudges(tx: Transaction[Settings]) -> bool:
    """Decide what is due, a piece of a community at a time; a timer calls this while it returns True."""
    await store.delete_old_answers(tx.conn, before=tx.now - ANSWERS_KEPT, limit_count=FORGOTTEN_PIECE_COUNT)
    communities = await store.load_due_communities(tx.conn, now=tx.now)

    async def work(_: Work, community: str) -> bool:
        return await _some(tx, community)

    return await take_turn(tx, [(Work.NUDGES, one) for one in communities], work=work)


async def _some(tx: Transaction[Settings], community: str) -> bool:
    """Decide what is due in a community; whether there may be more."""
    # Nobody merges members meanwhile: what one had, the other had too.
    await lock_persons(tx.conn, keys=[(community, BEFORE_ALL)])
    found = (await thresholds_store.load_thresholds(tx.conn, communities=[community])).get(community)
    due = await store.lock_due(tx.conn, community=community, now=tx.now, limit_count=PIECE_COUNT)
    for prompt in due:
        await _decide(tx, prompt, thresholds=None if found is None else found.thresholds)
    return len(due) == PIECE_COUNT


async def _decide(tx: Transaction[Settings], prompt: Prompt, *, thresholds: Thresholds | None) -> None:
    terms = None if thresholds is None else thresholds.nudges
    nudge = next((one for one in terms.of if one.id == prompt.nudge), None) if terms is not None else None
    if nudge is None or terms is None or thresholds is None:
        # The programme has it no more.
        await store.delete_prompts(tx.conn, prompts=[prompt])
        return
    desk = _Desk(tx, prompt, nudge, per_week=terms.per_week, version=thresholds.version)
    if nudge.kind == "streak":
        await _streak(desk)
        return
    if nudge.kind == "waiting":
        await _waiting(desk)
    else:
        await _other(desk)
    await store.delete_prompts(tx.conn, prompts=[prompt])


class _Desk:
    """One occasion that is looked at."""

    def __init__(
        self, tx: Transaction[Settings], prompt: Prompt, nudge: Nudge, *, per_week: int, version: int
    ) -> None:
        self.tx = tx
        self.prompt = prompt
        self.nudge = nudge
        self.per_week = per_week
        self.version = version

    async def head_of(self, member_id: str) -> str:
        """Who a member is one person with."""
        key = (self.prompt.community, member_id)
        return (await load_heads(self.tx.conn, keys=[key])).get(key, member_id)

    async def known(self, head_ids: Collection[str], *, cause_id: str) -> dict[str, Known]:
        """What is known of persons for this nudge."""
        tx, community = self.tx, self.prompt.community
        keys = [(community, one) for one in head_ids]
        groups = {key[1]: group for key, group in (await load_groups(tx.conn, keys=keys)).items()}
        found = await store.load_known(
            tx.conn, community=community, groups=groups, nudge=self.nudge.id, cause_id=cause_id, now=tx.now
        )
        spells = await suspensions.load_spells(tx.conn, persons=set(keys), first=tx.now, last=tx.now)
        audience = self.nudge.audience
        return {
            one: replace(
                known,
                is_suspended=is_suspended(spells.get((community, one), ()), tx.now),
                is_in_audience=audience is None
                or await is_in(tx.conn, community=community, audience_id=audience, member_id=one),
            )
            for one, known in found.items()
        }

    async def decide(self, head_id: str, word: _Word, *, cause_id: str) -> None:
        """Have one person get it, or be held out, unless they may not."""
        known = await self.known([head_id], cause_id=cause_id)
        why = why_not(known[head_id], self.nudge, per_week=self.per_week, now=self.tx.now)
        if why is None:
            await self.keep([head_id], word, cause_id=cause_id)
        elif why == "often":
            COUNTED.labels(self.nudge.kind, "often").inc()
        else:
            self.passes()

    def passes(self) -> None:
        """Count that it is no occasion any more."""
        COUNTED.labels(self.nudge.kind, "passed").inc()

    async def keep(self, head_ids: Sequence[str], word: _Word, *, cause_id: str) -> None:
        """Keep and tell what is decided for persons, and ask for the messages of those who are not held out."""
        tx, prompt = self.tx, self.prompt._replace(cause_id=cause_id)
        decided = [
            Decided.of(prompt, self.nudge, member_id=one, now=tx.now, version=self.version) for one in head_ids
        ]
        new = await store.add_decided(tx.conn, decided=decided)
        for one in decided:
            if one.nudge_id not in new:
                continue
            COUNTED.labels(one.kind, "held_out" if one.held_out else "asked_for").inc()
            tx.tell(
                NUDGES,
                NUDGE_DECIDED,
                fact_id=one.nudge_id,
                community=one.community,
                subject=one.member_id,
                data=one.told(self.nudge),
            )
            if not one.held_out:
                self._ask(one, word)

    def _ask(self, one: Decided, word: _Word) -> None:
        data: MessageRequestedData = {
            "request_id": one.nudge_id,
            "kind": f"nudge_{one.kind}",
            "member_id": one.member_id,
            "values": dict(word.values),
            "expires_at": word.expires_at,
        }
        self.tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=one.nudge_id,
            community=one.community,
            subject=one.member_id,
            data=data,
        )


async def _other(desk: _Desk) -> None:
    """Decide a welcome, an answer or a thank-you: by an event that still counts, or what is still celebrated."""
    tx, prompt = desk.tx, desk.prompt
    values: dict[str, str] = {"title": desk.nudge.title}
    if prompt.celebration_id is not None:
        celebrated = await store.find_celebrated(
            tx.conn, community=prompt.community, celebration_id=prompt.celebration_id
        )
        if celebrated is None:
            desk.passes()
            return
        values |= {"title": celebrated[0], "number": str(celebrated[1])}
    if prompt.event_uid is not None:
        event = await _event(desk, prompt.event_uid)
        if event is None:
            desk.passes()
            return
        values |= _topic(event)
    word = _Word(values, tx.now + WORTH[desk.nudge.kind])
    await desk.decide(await desk.head_of(prompt.member_id), word, cause_id=prompt.cause_id)


async def _waiting(desk: _Desk) -> None:
    """Ask those who may know, unless it was answered, taken back, or asked already."""
    tx, prompt, nudge = desk.tx, desk.prompt, desk.nudge
    event = None if prompt.event_uid is None else await _event(desk, prompt.event_uid)
    if event is None or await _is_answered(desk, event):
        desk.passes()
        return
    if await store.is_decided(tx.conn, community=prompt.community, nudge=nudge.id, cause_id=prompt.cause_id):
        return
    asker = await desk.head_of(prompt.member_id)
    interested = await store.load_interested(
        tx.conn,
        community=prompt.community,
        topics=topics_of(event),
        since=tx.now - timedelta(days=tx.settings.nudges_interest_days),
        limit_count=CANDIDATES_EACH * nudge.asked_max_count,
    )
    candidates = [one for one in interested if one != asker]
    known = await desk.known(candidates, cause_id=prompt.cause_id) if candidates else {}
    asked = chosen([one for one in candidates if one in known], known, nudge, per_week=desk.per_week, now=tx.now)
    if not asked:
        desk.passes()
        return
    word = _Word({"title": nudge.title} | _topic(event), tx.now + WORTH["waiting"])
    await desk.keep(asked, word, cause_id=prompt.cause_id)


async def _is_answered(desk: _Desk, event: Mapping[str, object]) -> bool:
    """Whether somebody else answered it, by an event that counts."""
    tx, community = desk.tx, desk.prompt.community
    answers = await store.load_answers(tx.conn, community=community, thing_ids=asked_things(event))
    others = [one for one in answers if one.member_id != desk.prompt.member_id]
    events = await counts_store.load_events(tx.conn, community=community, uids={one.event_uid for one in others})
    return any(found.counts for found in events.values())


async def _event(desk: _Desk, event_uid: str) -> Mapping[str, object] | None:
    """The event that it is by; None once it was taken back, or nothing of it is known."""
    found = await counts_store.load_events(desk.tx.conn, community=desk.prompt.community, uids=[event_uid])
    event = found.get(event_uid)
    return event.event if event is not None and event.counts else None


def _topic(event: Mapping[str, object]) -> dict[str, str]:
    data = event["data"]
    topic = data.get("topic") if isinstance(data, Mapping) else None
    return {"topic": topic} if isinstance(topic, str) else {}


async def _streak(desk: _Desk) -> None:
    """Say that a streak ends today, from its hour on; while it lasts it is looked at again each day."""
    tx, prompt, nudge = desk.tx, desk.prompt, desk.nudge
    head_id = await desk.head_of(prompt.member_id)
    calendar, streaks = await find_streaks(tx.conn, community=prompt.community, member_id=head_id, now=tx.now)
    found = next((one for one in streaks if one.streak.id == nudge.streak), None)
    if found is None or (found.is_whole and not found.standing.current):
        await store.delete_prompts(tx.conn, prompts=[prompt])
        return
    hour = hour_of(calendar, nudge.from_hour, now=tx.now, is_next=False)
    if found.is_whole and tx.now >= hour and ends_today(found.standing, calendar, now=tx.now, nudge=nudge):
        ends_at = found.standing.ends_at or tx.now
        word = _Word({"title": found.streak.title, "number": str(found.standing.current)}, ends_at)
        cause_id = cause_of("streak", found.streak.id, str(calendar.date_of(tx.now)))
        await desk.decide(head_id, word, cause_id=cause_id)
    following = hour_of(calendar, nudge.from_hour, now=tx.now, is_next=True)
    await store.set_due(tx.conn, prompt=prompt, due_at=following)


async def on_told(tx: Transaction, facts: list[NudgeDecided]) -> None:
    """After a restore: keep what was decided and the database has forgotten, so that nobody gets it again."""
    await store.add_decided(tx.conn, decided=[Decided.of_fact(fact) for fact in facts])
    erased = await load_erased(tx.conn, keys={(fact["community"], fact["data"]["member_id"]) for fact in facts})
    if erased:
        await store.forget(tx.conn, keys=erased)


READ_BACK = (ReadBack((NUDGES,), NUDGE_DECIDED.adapter, on_told),)
