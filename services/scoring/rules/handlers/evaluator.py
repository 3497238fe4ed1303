"""What a child process does for rules: evaluates conditions over events, and holds each to what it may take.

It imports what it evaluates with and no more: after a condition that ran over, the next child has to be there at
once.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from services.scoring.children.domain import Limit
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, NotEvaluated, compiled, context_of, holds

PROGRAMS_MAX_COUNT = 2_000
COMPILE_SECONDS = 0.5

_compiled = lru_cache(PROGRAMS_MAX_COUNT)(compiled)


def evaluate(request: Mapping[str, Any], limit: Limit) -> Iterator[Mapping[str, Any]]:
    """Evaluate each of the `rules` of a request over its events, and yield what it says of each.

    A request has `events` ({"event": …, "data": …} each), `rules` (text, variables, places of its events, what is
    known of members where it reads that, and the seconds of the processor that it may take for them all),
    `evaluation_seconds` for one rule and one event, which the kernel holds it to, and `seconds` for all rules. An
    answer is true, false, a reason why there is none, or null: too slow.
    """
    events = request["events"]
    for event in events:
        event["event"]["time"] = datetime.fromisoformat(event["event"]["time"])
    contexts: dict[tuple[int, tuple[str, ...]], Any] = {}
    left = request["seconds"]
    for rule in request["rules"]:
        started = time.process_time()
        allowed = min(rule["seconds"], left)
        variables = tuple(rule["variables"])
        answers: list[bool | str | None] = []
        if allowed <= 0:
            yield {"answers": [None] * len(rule["events"]), "seconds": 0.0}
            continue
        limit(COMPILE_SECONDS)
        try:
            condition = Condition(_compiled(rule["text"]), variables)
        except ConditionError as refused:
            answers = [refused.detail] * len(rule["events"])
        members = rule["members"] or (None,) * len(rule["events"])
        for place, member in list(zip(rule["events"], members, strict=True))[len(answers) :]:
            if time.process_time() - started > allowed:
                answers += [None] * (len(rule["events"]) - len(answers))
                break
            event = events[place]
            if member is not None:
                context = context_of({**event["event"], "data": event["data"]}, variables, member)
            elif (context := contexts.get((place, variables))) is None:
                context = context_of({**event["event"], "data": event["data"]}, variables)
                contexts[place, variables] = context
            limit(request["evaluation_seconds"])
            answer = holds(condition, context)
            answers.append(answer.reason if isinstance(answer, NotEvaluated) else answer)
        limit(0)
        took = time.process_time() - started
        left -= took
        yield {"answers": answers, "seconds": took}
