"""What the metrics of goals count: types of events, and what some events bring about."""

from collections.abc import Mapping
from datetime import UTC, date
from typing import Final, NamedTuple

from services.analytics.goals.domain.definitions import Definition
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import GoalMetric

#: Metrics that count each event of a type.
TYPES: Final[Mapping[GoalMetric, tuple[str, ...]]] = {
    "mentions": ("social.share.v1",),
    "referrals": ("member.referred.v1",),
    "survey_answers": ("survey.response.v1",),
    "suggestions": ("idea.suggested.v1",),
    "answers_accepted": ("forum.answer_accepted.v1",),
    "thanks": ("kudos.given.v1",),
}
#: Metrics that count what an event brings about, which its type alone does not say.
OUTCOMES: Final[tuple[GoalMetric, ...]] = ("suggestions_closed", "resolved_by_members")
#: After these nothing is expected to become of a suggestion; platforms call it differently.
CLOSING: Final = frozenset(
    {"done", "completed", "implemented", "shipped", "released", "declined", "rejected", "closed", "duplicate"}
)


class Outcome(NamedTuple):
    """That an event brought something about on a day, as long as it counts."""

    community: str
    day: date
    outcome: GoalMetric
    event_uid: str


def types_of(definition: Definition) -> tuple[str, ...]:
    """The types of events that a goal counts; none where it counts something else."""
    if definition.metric == "activities":
        return definition.on
    return TYPES.get(definition.metric, ()) if definition.metric else ()


def outcome_of(event: AcceptedEvent) -> Outcome | None:
    """What an event brought about. Who earns nothing, such as staff, and bots resolve nothing as members."""
    metric: GoalMetric
    if event["type"] == "idea.status_changed.v1":
        status = str(event["data"].get("status", "")).strip().lower()
        if status not in CLOSING:
            return None
        metric = "suggestions_closed"
    else:
        helper = {"forum.answer_accepted.v1": "objectmember", "support.ticket_resolved.v1": "member"}.get(
            event["type"]
        )
        apart = f"{event.get('bots', '')} {event.get('unearning', '')}".split()
        if helper is None or helper not in event or helper in apart:
            return None
        if event.get("member") == event.get("objectmember"):
            return None
        metric = "resolved_by_members"
    day = event.get("day") or event["time"].astimezone(UTC).date()
    return Outcome(event["community"], day, metric, event["uid"])
