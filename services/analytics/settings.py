"""Analytics's settings."""

from pydantic import Field, field_validator

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings, with batches that come less often: nothing waits for this service.

    And how long the audit's read model is, and a table of it may be; what figures mean by gone and activated; and
    when the effect of nudges is looked at.
    """

    batch_interval_seconds: float = Field(
        0.2,
        ge=0,
        le=5,
        description="From one batch's begin to the next one's, unless a whole batch waits: less often costs less",
    )
    rebuild_batch_max_count: int = Field(
        2_000, ge=1, description="Records in one transaction of a rebuild (docs/rebuild.md)"
    )
    audit_retention_days: int | None = Field(
        None,
        ge=1,
        description="Entries of the audit older than this are deleted from its read model; unset: never",
    )
    lift_settle_hours: int = Field(
        24,
        ge=0,
        description="How long after the days of a nudge it is looked at who did what was wished: events come late",
    )
    audit_csv_max_count: int = Field(
        100_000, ge=1, description="Entries in one table of the audit; what has more is refused"
    )
    lineage_watch_max_count: int = Field(
        20_000,
        ge=1,
        description="Awards, grants and lots that are looked at in a minute: do they lead to what caused them?",
    )
    silence_days: int = Field(
        30,
        ge=1,
        le=366,
        description="Whole silent days after which a member counts as gone; after a change all are counted anew",
    )
    win_back_days: int = Field(
        30, ge=1, le=366, description="Days after that in which whoever comes back counts as won back"
    )
    activation_days: int = Field(
        14, ge=1, le=366, description="Days from a member's first event in which they may become activated"
    )
    goals_check_minutes: int = Field(
        15, ge=1, le=1_440, description="From one look at a community's goals to the next, which notes what turned"
    )
    alerts_check_minutes: int = Field(
        30, ge=1, le=1_440, description="From one look for what somebody should know of a community to the next"
    )
    effects_check_minutes: int = Field(
        60, ge=1, le=1_440, description="From one count of what a community's campaigns bring about to the next"
    )
    scorecard_live_members_max_count: int = Field(
        2_000,
        ge=0,
        description="Members who took part up to whom a scorecard is counted when it is asked; of more by a timer",
    )
    scorecard_check_minutes: int = Field(
        15, ge=1, le=1_440, description="From one count of such a scorecard to the next"
    )
    kept_figures_min_count: int = Field(
        10_000,
        ge=0,
        description=(
            "Ties, or questions, of the last 7, 30 or 90 days from which on their network, or response times and "
            "topics, are counted by a timer; of fewer when they are asked for"
        ),
    )
    kept_figures_check_minutes: int = Field(
        15, ge=1, le=1_440, description="From one count of such a figure to the next"
    )
    exact_questions_max_count: int = Field(
        50_000,
        ge=0,
        description=(
            "Questions up to which response times are by the second; "
            "of more, waits are rounded by up to a sixtieth"
        ),
    )
    questions_max_count: int = Field(
        2_000_000,
        ge=1,
        description="Questions that one answer about response times goes through; more are refused",
    )
    sliced_answers_max_count: int = Field(
        100_000, ge=1, description="Answers to a survey that are told apart by audience at once; more are refused"
    )
    ties_max_count: int = Field(
        50_000, ge=1, description="Rows of who turned to whom that one network is made of; more are refused"
    )
    kept_ties_max_count: int = Field(
        1_000_000,
        ge=1,
        description="Rows of who turned to whom of which a timer makes one network; of more none is kept",
    )
    expertise_half_life_days: int = Field(
        180,
        ge=1,
        le=3_660,
        description="Days after which an answer weighs half for who could answer the next question",
    )
    slice_attributes: str = Field(
        "country",
        description=(
            "Attributes of members by which figures are sliced, with commas between: texts, and yes or no; "
            "after a change analytics is to be built anew"
        ),
    )
    slice_members_min_count: int = Field(
        5, ge=1, description="Members that a slice has at least: of one with fewer no figures are shown"
    )
    slices_max_count: int = Field(
        20,
        ge=1,
        le=200,
        description="Channels, types or languages that a figure tells apart; the rest is added up",
    )

    @field_validator("slice_attributes")
    @classmethod
    def _other_than_slices(cls, value: str) -> str:
        if {name.strip() for name in value.split(",")} & {"audience", "channel"}:
            raise ValueError("no attribute that is called audience or channel, by which figures are sliced anyway")
        return value

    @property
    def slice_attribute_names(self) -> tuple[str, ...]:
        """The attributes by which figures are sliced."""
        return tuple(name.strip() for name in self.slice_attributes.split(",") if name.strip())
