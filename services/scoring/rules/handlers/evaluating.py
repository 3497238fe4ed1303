"""Conditions that are evaluated apart, as the service has them: asked of a child process, within a budget.

A rule that takes more than it may is not asked again for a while: its events
are declined as too slow, and everything else goes on.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.scoring.children.handlers import ChildEndedError, ChildLostError, Children
from services.scoring.metrics import EVALUATED_APART_SECONDS
from services.scoring.rules.domain.asking import Question
from services.scoring.rules.domain.compiling import RuleKey
from services.scoring.rules.domain.matching import Answers
from services.scoring.settings import Settings
from shared.conditions.evaluation import EVENT_FIELDS, Answer, NotEvaluated, TooSlow

#: As many as cores that others can spare.
CHILDREN_COUNT = 2
CHILD_MAX_BYTES = 512 * 1024 * 1024
#: A child that does not even answer by the clock has a machine that does nothing else.
ANSWER_SECONDS = 60.0
#: Children that one community may use up with one version, before none of its rules is evaluated apart any more.
ENDED_MAX_COUNT = 3
#: Children that may be lost at one rule before it is taken for the cause: a machine without memory says nothing.
LOST_MAX_COUNT = 2
PAUSED_MAX_COUNT = 10_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Evaluator:
    """Asks children what conditions say, and remembers which took too long."""

    children: Children = field(
        default_factory=lambda: Children("evaluate", count=CHILDREN_COUNT, memory_bytes=CHILD_MAX_BYTES)
    )
    #: Rules that are not asked, and until when, by the monotonic clock.
    _paused: dict[RuleKey, float] = field(default_factory=dict)

    async def answers(self, questions: Mapping[RuleKey, Question], settings: Settings) -> Answers:
        """What each condition says of each of its events; the communities' side by side."""
        # The dearest last: they are what is left over when the budget is used up.
        ordered = sorted(questions, key=lambda key: questions[key].condition.steps)
        of_community: dict[str, dict[RuleKey, Question]] = {}
        for key in ordered:
            of_community.setdefault(key.community, {})[key] = questions[key]
        found = await asyncio.gather(*(self._of_community(asked, settings) for asked in of_community.values()))
        return {key: answers for of_one in found for key, answers in of_one.items()}

    async def close(self) -> None:
        """End the children."""
        await self.children.close()

    async def _of_community(
        self, questions: Mapping[RuleKey, Question], settings: Settings
    ) -> dict[RuleKey, Mapping[str, Answer]]:
        """The answers of a community's rules; those that come too late are too slow."""
        answers: dict[RuleKey, Mapping[str, Answer]] = {}
        left = dict(questions)
        ended, lost = 0, Counter[RuleKey]()
        events = {uid for question in questions.values() for uid in question.events}
        seconds = settings.budget_burst_seconds + len(events) * settings.community_seconds_per_event
        while True:
            for key in [key for key in left if self._is_paused(key)]:
                pause = f"it took too long before, and is asked again within {settings.too_slow_pause_seconds:g} s"
                answers[key] = _all_too_slow(left.pop(key), pause)
            if not left:
                return answers
            too_slow: list[RuleKey] = []
            try:
                async with self.children.lend() as child:
                    async for part in child.ask(_request(left, seconds, settings), seconds=ANSWER_SECONDS):
                        key = next(iter(left))
                        seconds -= part["seconds"]
                        EVALUATED_APART_SECONDS.inc(part["seconds"])
                        answers[key] = _answers(left.pop(key), part["answers"], settings)
                        if None in part["answers"]:
                            too_slow.append(key)
            except (ChildEndedError, ChildLostError) as error:
                if not left:
                    return answers
                key = next(iter(left))
                if isinstance(error, ChildLostError):
                    lost[key] += 1
                    if lost[key] <= LOST_MAX_COUNT:
                        log.warning("asked again, since it was no rule that ended it: %s", error)
                        continue
                ended += 1
                detail = (
                    f"it took more than {1_000 * settings.evaluation_seconds:g} ms of the processor, or too much"
                    " memory, for one event"
                )
                answers[key] = _all_too_slow(left.pop(key), detail)
                self._pause([key], f"{detail} ({error})", settings)
                if ended >= ENDED_MAX_COUNT:
                    self._pause(list(left), f"{ended} other rules of its community took too long", settings)
            self._pause(too_slow, "it takes too much for its events together", settings)

    def _is_paused(self, key: RuleKey) -> bool:
        until = self._paused.get(key)
        return until is not None and time.monotonic() < until

    def _pause(self, keys: Sequence[RuleKey], why: str, settings: Settings) -> None:
        if not keys:
            return
        now = time.monotonic()
        self._paused |= dict.fromkeys(keys, now + settings.too_slow_pause_seconds)
        if len(self._paused) > PAUSED_MAX_COUNT:
            # Those whose pause ends last are kept: the others are asked again a little early.
            latest = sorted(self._paused.items(), key=lambda one: one[1])[-PAUSED_MAX_COUNT // 2 :]
            self._paused = {key: until for key, until in latest if until > now}
        first = keys[0]
        log.error(
            "%d rules are too slow and give nothing, the first: %s",
            len(keys),
            why,
            extra={"community": first.community, "programme_version": first.version, "rule": first.rule_id},
        )


def _request(questions: Mapping[RuleKey, Question], seconds: float, settings: Settings) -> dict[str, Any]:
    """A community's questions as a child takes them: each event once."""
    events = {uid: event for question in questions.values() for uid, event in question.events.items()}
    places = {uid: place for place, uid in enumerate(events)}
    return {
        "events": [{"event": _fields(event), "data": event["data"]} for event in events.values()],
        "rules": [
            {
                "text": question.condition.text,
                "variables": question.condition.variables,
                "events": [places[uid] for uid in question.events],
                # Of whoever the points are for, where it reads that: of each event, in that order.
                "members": [question.members[uid] for uid in question.events] if question.members else None,
                "seconds": settings.budget_burst_seconds + len(question.events) * settings.rule_seconds_per_event,
            }
            for question in questions.values()
        ],
        "evaluation_seconds": settings.evaluation_seconds,
        "seconds": seconds,
    }


def _fields(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in EVENT_FIELDS}


def _answers(question: Question, said: Iterable[bool | str | None], settings: Settings) -> dict[str, Answer]:
    detail = (
        f"it or its community's rules took more than {1_000 * settings.rule_seconds_per_event:g} or"
        f" {1_000 * settings.community_seconds_per_event:g} ms of the processor an event"
    )
    return {uid: _answer(one, detail) for uid, one in zip(question.events, said, strict=True)}


def _answer(said: bool | str | None, detail: str) -> Answer:
    if said is None:
        return TooSlow(detail)
    return NotEvaluated(said) if isinstance(said, str) else said


def _all_too_slow(question: Question, detail: str) -> dict[str, Answer]:
    return dict.fromkeys(question.events, TooSlow(detail))
