"""What each table of analytics' database is to a rebuild, and how far one reads."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class Origin(StrEnum):
    """Where the rows of a table come from."""

    #: From the topics: the rebuilt ones are equal.
    FOLLOWS = "follows"
    #: Counted by timers from what follows: equal, once all that waits is counted.
    COUNTED = "counted"
    #: What waits to be counted: empty when databases are compared.
    WAITING = "waiting"
    #: From topics that forget (by retention, or compaction): what the rebuilt one lacks is taken over, then all of
    #: it is equal.
    REMEMBERED = "remembered"
    #: Noticed or said at a moment that does not come again: taken over from the one that runs.
    TAKEN_OVER = "taken over"
    #: Each database's own.
    OWN = "own"


class TableKept(NamedTuple):
    """What a table is: its origin, which of its columns are of the moment and are taken over as they are, and why.

    Where `counts` are named, a row in which all of them are 0 says what no row says: it was counted up, and down.
    """

    origin: Origin
    moments: tuple[str, ...] = ()
    why: str = ""
    counts: tuple[str, ...] = ()


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Progress(NamedTuple):
    """How far a rebuild is: whether a process reads for it, and how many records it has read and has left.

    `is_begun` says whether it has found out how many there are; `records_per_second` is None before it read any.
    """

    is_read: bool
    is_begun: bool
    records_read: int
    records_left: int
    records_per_second: float | None
    started_at: datetime | None

    @property
    def is_there(self) -> bool:
        """Whether it is where the running one is."""
        return self.is_begun and not self.records_left

    @property
    def seconds_left(self) -> float | None:
        """How long it takes still, at the pace of the last while it read."""
        return self.records_left / self.records_per_second if self.records_per_second else None


def _counted(origin: Origin, **tables: str) -> dict[str, TableKept]:
    return {name: TableKept(origin, counts=tuple(counts.split())) for name, counts in tables.items()}


def _each(origin: Origin, names: str, why: str = "") -> dict[str, TableKept]:
    return {name: TableKept(origin, (), why) for name in names.split()}


TABLES: Final[Mapping[str, TableKept]] = {
    **_each(
        Origin.FOLLOWS,
        """
        audience_turns audit_trail awards awards_by_hand content_events decision_revisions
        events figures_unwanted followed_communities followed_identities followed_members followed_people
        followed_token_keys goal_outcomes grants guideline_acceptances guideline_cases idea_events
        member_attributes member_locks merges objectives payout_lots
        payout_states payouts redemption_lots redemption_lots_given_back redemption_states
        redemptions response_events solution_events survey_answers survey_asked survey_blocks ties tones
        topic_events
        """,
    ),
    "access_keys": TableKept(Origin.FOLLOWS, ("last_used_at",), "when a key was last used is known here alone"),
    "decisions": TableKept(Origin.FOLLOWS, ("remind_at",), "who was reminded is not reminded again"),
    "nudge_assignments": TableKept(
        Origin.FOLLOWS, ("did",), "whether a member did what was wished is looked up once, when the days are over"
    ),
    "webhook_endpoints": TableKept(
        Origin.FOLLOWS,
        ("failing_since", "last_delivered_at", "gave_up_revision"),
        "how deliveries go is known here alone",
    ),
    **_each(
        Origin.COUNTED,
        """
        orbit_moves response_questions retention_people retention_terms slice_people
        """,
    ),
    **_counted(
        Origin.FOLLOWS,
        event_days="events",
        grant_days="granted taken_back",
        member_counts="members",
        member_days="events",
        payout_counts="number points amount_minor",
        redemption_counts="number points",
        rule_days="points awards taken_back amendments",
    ),
    **_counted(
        Origin.COUNTED,
        active_days="members",
        content_items="reads readers responses responders",
        content_people="reads responses",
        retention_figures="people",
        slice_figures="people",
        tie_days="times",
        tone_days="texts",
    ),
    **_each(Origin.WAITING, "content_marks response_marks retention_marks tie_marks tone_marks"),
    "programmes": TableKept(Origin.REMEMBERED, (), "programme.v1 is compacted: it keeps the last version"),
    "rejections": TableKept(Origin.REMEMBERED, (), "engagement.rejected.v1 keeps 90 days"),
    "rejection_counts": TableKept(Origin.TAKEN_OVER, (), "they count rejections that the topic has forgotten too"),
    **_each(
        Origin.TAKEN_OVER,
        "alerts goal_turns digests campaign_effects campaign_audiences scorecard_gauges",
        "noticed at a moment, and told",
    ),
    **_each(
        Origin.TAKEN_OVER,
        "alert_checks digest_checks effect_checks goal_checks network_checks response_checks scorecard_checks",
        "when a community was last looked at",
    ),
    **_each(
        Origin.TAKEN_OVER,
        "kept_answers kept_bridges kept_ties lineage_orphans lineage_watch recount_rounds recounted_minutes "
        "recounted_sums",
        "counted up to a moment from rows that are equal",
    ),
    **_each(
        Origin.TAKEN_OVER,
        "audit_entries command_answers dead_letters dead_letters_written forgotten_facts not_rebuilt outbox "
        "own_positions webhook_deliveries",
        "what the service itself did, told and put aside",
    ),
    **_each(Origin.OWN, "consumer_offsets schema_migrations", "where this database stands"),
    "worker_reports": TableKept(Origin.OWN, (), "of processes that run"),
}


def left_of(*, stands: Mapping[Place, int], until: Mapping[Place, int]) -> int:
    """How many records lie between where partitions stand and until where they are to be read."""
    return sum(max(0, end - stands.get(place, 0)) for place, end in until.items())
