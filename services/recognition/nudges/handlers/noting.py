"""What events, members and celebrations may lead to is noted as they come; nothing is decided yet.

Nothing that is of the past leads to a nudge, nor what happened longer ago than a setting says: a database that is
built anew nudges nobody of what was.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.recognition.counts import handlers as counts
from services.recognition.counts.domain import Change, Heard, Plan
from services.recognition.nudges import store
from services.recognition.nudges.domain import (
    JOINED,
    Answered,
    Interest,
    MemberKey,
    Prompt,
    answered_thing,
    cause_of,
    is_bot,
    meets,
    topics_of,
)
from services.recognition.nudges.store import First
from services.recognition.settings import Settings
from services.recognition.thresholds import store as thresholds_store
from shared.contracts.backfill import is_backfill
from shared.contracts.programme import Nudge, NudgeKind
from shared.followed_members import Followed
from shared.merges import load_heads
from shared.transaction import Transaction

_MESSAGES = "messages"


async def on_events(tx: Transaction[Settings], facts: list[Any]) -> None:
    """Count events, and note what they may lead to."""
    heard = await counts.on_events(tx, facts)
    if any(plan.in_force.nudges is not None for plan in heard.plans.values()):
        await _note(tx, heard)


async def _note(tx: Transaction[Settings], heard: Heard) -> None:
    noted = _Noted(tx.now, tx.settings)
    for change in heard.changes:
        plan = heard.plans.get(change.community)
        if plan is not None and plan.in_force.nudges is not None:
            noted.hear(change, plan, plan.in_force.nudges.of)
    if noted.firsts:
        new = await store.put_firsts(tx.conn, firsts=noted.firsts.values())
        for key, first in noted.firsts.items():
            if key in new and first.is_new:
                noted.welcome(key, heard.plans[key[0]], first.event_uid)
    if noted.answers:
        await store.add_answers(tx.conn, answers=noted.answers)
    if noted.interests:
        await store.add_interests(tx.conn, interests=noted.interests)
    prompts = [*noted.prompts.values(), *await _thanked(tx, noted, heard=heard)]
    if prompts:
        await store.add_prompts(tx.conn, prompts=prompts)


class _Noted:
    """What a batch of events leads to."""

    def __init__(self, now: datetime, settings: Settings) -> None:
        self._now = now
        self._settles_at = now + timedelta(seconds=settings.nudges_settle_seconds)
        self._fresh_since = now - timedelta(hours=settings.nudges_fresh_hours)
        self.prompts: dict[tuple[str, str, str], Prompt] = {}
        self.firsts: dict[MemberKey, First] = {}
        self.answers: list[Answered] = []
        self.interests: list[Interest] = []
        self.thanked: set[MemberKey] = set()

    def hear(self, change: Change, plan: Plan, nudges: list[Nudge]) -> None:
        """Note what an event leads to that counts from now on or no more."""
        event = change.event
        actor = None if is_bot(event, "member") else event.get("member")
        kinds = {nudge.kind for nudge in nudges}
        if actor is not None and "waiting" in kinds:
            self._answer(change, actor)
        is_past = is_backfill(event) or change.cause.is_backfill
        if change.by < 0:
            return
        if actor is not None and "welcome" in kinds:
            is_new = not is_past and event["time"] >= self._fresh_since
            first = First(change.community, actor, change.event_uid, is_new)
            self.firsts.setdefault((change.community, actor), first)
            if event["type"] == JOINED and is_new:
                self.welcome((change.community, actor), plan, change.event_uid)
        if is_past:
            return
        for nudge in nudges:
            self._prompt(nudge, change, plan, actor)

    def welcome(self, key: MemberKey, plan: Plan, event_uid: str) -> None:
        """Note that somebody is new, by the first event of theirs."""
        for nudge in plan.in_force.nudges.of if plan.in_force.nudges is not None else ():
            if nudge.kind == "welcome":
                self._add(nudge, key, cause_of("welcome", key[1]), event_uid)

    def _answer(self, change: Change, actor: str) -> None:
        event = change.event
        thing = answered_thing(event)
        if thing is None or event.get("replymember") == actor:
            return
        if change.by > 0:
            self.answers.append(Answered(change.community, thing, change.event_uid, actor, event["time"]))
        self.interests += [
            Interest(change.community, topic, actor, change.by, event["time"]) for topic in topics_of(event)
        ]

    def _prompt(self, nudge: Nudge, change: Change, plan: Plan, actor: str | None) -> None:
        event, community = change.event, change.community
        if nudge.kind == "streak":
            for rule in plan.in_force.nudged_streaks.get(nudge.streak or "", ()):
                member_id = _member_of(plan, rule, event)
                if member_id is not None:
                    # One row for as long as it lasts: when it is due next is found when it is looked at.
                    self._add(nudge, (community, member_id), cause_of("streak", member_id), None)
            return
        if nudge.kind == "thanks":
            member_id = _member_of(plan, plan.in_force.nudged_milestones.get(nudge.milestone or "", ""), event)
            if member_id is not None:
                self.thanked.add((community, member_id))
            return
        if nudge.kind == "waiting" and actor is not None:
            asked_since = self._fresh_since - timedelta(hours=nudge.waits_hours)
            if event["time"] >= asked_since and meets(event, nudge):
                due_at = event["time"] + timedelta(hours=nudge.waits_hours)
                cause_id = cause_of("asked", change.event_uid)
                self._add(nudge, (community, actor), cause_id, change.event_uid, max(due_at, self._settles_at))
        elif nudge.kind == "answered":
            asker, thing = event.get("replymember"), answered_thing(event)
            if asker is None or thing is None or asker == event.get("member") or is_bot(event, "replymember"):
                return
            if event["time"] >= self._fresh_since and meets(event, nudge):
                self._add(nudge, (community, asker), cause_of("answered", thing), change.event_uid)

    def _add(
        self, nudge: Nudge, key: MemberKey, cause_id: str, event_uid: str | None, due_at: datetime | None = None
    ) -> None:
        prompt = Prompt(key[0], nudge.id, cause_id, key[1], event_uid, None, due_at or self._settles_at)
        self.prompts.setdefault(prompt[:3], prompt)


def _member_of(plan: Plan, rule: str, event: Mapping[str, Any]) -> str | None:
    """For whom an event meets a counted rule."""
    counter_id = plan.counter_by_rule.get(rule)
    counter = next((one for one in plan.counters if one.id == counter_id), None)
    return None if counter is None else counter.rule.member_of(event)


async def _thanked(tx: Transaction[Settings], noted: _Noted, *, heard: Heard) -> list[Prompt]:
    """What is to be thanked for of what was celebrated just now."""
    if not noted.thanked:
        return []
    heads = await load_heads(tx.conn, keys=noted.thanked)
    keys = {(key[0], heads.get(key, key[1])) for key in noted.thanked}
    names = {name for plan in heard.plans.values() for name in plan.in_force.nudged_milestones}
    found = await store.load_celebrated(tx.conn, keys=sorted(keys), names=names, at=tx.now)
    settles_at = tx.now + timedelta(seconds=tx.settings.nudges_settle_seconds)
    return [
        Prompt(community, nudge.id, celebration_id, member_id, event_uid, celebration_id, settles_at)
        for community, member_id, celebration_id, name, event_uid in found
        for nudge in _of_kind(heard.plans[community], "thanks")
        if nudge.milestone == name
    ]


def _of_kind(plan: Plan, kind: NudgeKind) -> list[Nudge]:
    terms = plan.in_force.nudges
    return [] if terms is None else [nudge for nudge in terms.of if nudge.kind == kind]


async def keep_members(tx: Transaction[Settings], followed: Followed) -> None:
    """Keep who is new, who left and who wants no messages; of who was erased nothing is kept."""
    erased = [(one["community"], one["data"]["member_id"]) for one in followed.erased]
    if erased:
        await store.forget(tx.conn, keys=erased)
    unwanted = {
        (one["community"], one["data"]["member_id"]): "departed" in one["data"].get("standing", {})
        or _MESSAGES in one["data"].get("opt_outs", ())
        for one in followed.identified
    }
    # Of whom nothing was told before nothing is taken back.
    if unwanted := {key: value for key, value in unwanted.items() if value or key not in followed.first_told}:
        await store.put_unwanted(tx.conn, unwanted=unwanted)
    since = tx.now - timedelta(hours=tx.settings.nudges_fresh_hours)
    new = {
        (one["community"], one["data"]["member_id"]): one["data"]["first_seen_at"]
        for one in followed.identified
        # A fact that does not say since when somebody is known is of nobody new.
        if "first_seen_at" in one["data"] and one["data"]["first_seen_at"] >= since
    }
    if not new:
        return
    in_force = await thresholds_store.load_thresholds(tx.conn, communities={community for community, _ in new})
    welcomes = {
        community: [one for one in found.thresholds.nudges.of if one.kind == "welcome"]
        for community, found in in_force.items()
        if found.thresholds.nudges is not None
    }
    told = {key: at for key, at in new.items() if welcomes.get(key[0])}
    if not told:
        return
    settles_at = tx.now + timedelta(seconds=tx.settings.nudges_settle_seconds)
    prompts = [
        Prompt(
            first.community,
            nudge.id,
            cause_of("welcome", first.member_id),
            first.member_id,
            first.event_uid,
            None,
            settles_at,
        )
        for first in await store.put_told(tx.conn, told=told)
        if first.is_new
        for nudge in welcomes[first.community]
    ]
    if prompts:
        await store.add_prompts(tx.conn, prompts=prompts)
