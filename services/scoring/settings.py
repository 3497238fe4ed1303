"""Settings of scoring."""

from pydantic import Field

from shared.settings import SigningSettings


class Settings(SigningSettings):
    """The shared settings, how far ahead a version takes effect, and what conditions and their checks may take."""

    programme_lead_seconds: float = Field(
        2.0,
        ge=0,
        description=(
            "A new version applies to events received this long after its publication or later; must cover "
            "the difference between the clocks of the hosts"
        ),
    )
    position_seconds: float = Field(
        0.1,
        gt=0,
        description="How often it tells the broker where it stands: the front door brakes by it",
    )
    evaluation_seconds: float = Field(
        0.05, gt=0, description="What one condition may take of the processor for one event, in a child process"
    )
    rule_seconds_per_event: float = Field(
        0.001, gt=0, description="What one condition may take of the processor for an event, on average of a batch"
    )
    community_seconds_per_event: float = Field(
        0.002, gt=0, description="What a community's conditions may take for an event, on average of a batch"
    )
    budget_burst_seconds: float = Field(0.25, ge=0, description="What either may take on top of that in one batch")
    too_slow_pause_seconds: float = Field(
        600.0, ge=0, description="How long a rule that took too much gives nothing before it is asked again"
    )
    adjustments_per_batch_max_count: int = Field(
        2_000,
        gt=0,
        description=(
            "How many awards of others may get another room under limits in one transaction; a timer goes on with"
            " the rest, and the members that it is about wait"
        ),
    )
    settled_at_once_max_count: int = Field(
        200, gt=0, description="How many claims of a member that wait so find their room in one transaction"
    )
    check_seconds: float = Field(
        10.0, gt=0, description="What checking one programme may take of the processor, in a child process"
    )
    check_wait_seconds: float = Field(
        20.0, gt=0, description="How long a programme waits for its turn to be checked; then the answer is 503"
    )
    drafts_max_count: int = Field(
        50, gt=0, description="How many drafts of its programme a community may have that are no version yet"
    )
    draft_old_days: int = Field(
        90, gt=0, description="From which age on a draft that nobody saved is shown as old; nothing deletes it"
    )
    rule_review_days: int = Field(
        365,
        ge=1,
        description="A rule that was `reviewed` longer ago is warned of when its programme is published",
    )
    audience_members_per_piece_max_count: int = Field(
        200, gt=0, description="How many members one piece of work decides about, in which audiences they are"
    )
    audience_awards_max_count: int = Field(
        20_000, gt=0, description="Of a member's awards so many, the newest, count for audiences by behaviour"
    )
    audience_sample_max_count: int = Field(
        2_000, gt=0, description="How many members a preview of an audience looks at; larger ones are estimated"
    )
    signal_looks_per_piece_max_count: int = Field(
        50, gt=0, description="At how many members one piece of work looks, whether their points are of friends"
    )
    signal_awards_per_look_max_count: int = Field(
        500,
        gt=0,
        description="How many awards of a member one look holds or lets go; another goes on with the rest",
    )
    signal_case_old_days: int = Field(
        7, gt=0, description="From which age on held awards that nobody has looked at are alerted of"
    )
    trust_every_seconds: float = Field(
        60.0,
        gt=0,
        description="How often, at most, it is worked out how far members of a community are trusted to judge",
    )
    trust_pairs_max_count: int = Field(
        200_000,
        gt=0,
        description="Of whom members found good so many pairs, those that changed last, make trust",
    )
    quality_pairs_per_piece_max_count: int = Field(
        500,
        gt=0,
        description="How many pairs of members one piece of work weighs anew, after merges and restating",
    )
    quality_contents_per_piece_max_count: int = Field(
        500, gt=0, description="How much content one piece of work looks at, what it gives its author"
    )
    manual_waiting_max_count: int = Field(
        200, gt=0, description="How many awards by hand of a community may wait for another person"
    )
    voided_at_once_max_count: int = Field(
        500,
        gt=0,
        description=(
            "Of how many events the points are reversed or given back in one transaction, when a report is upheld,"
            " a member is suspended, or that does not stand any more"
        ),
    )
    backtests_open_max_count: int = Field(
        5, gt=0, description="How many backtests of a community may wait or run; one at a time runs"
    )
    backtest_events_max_count: int = Field(
        500_000, gt=0, description="Of how many events a backtest may be; one of more fails, and says so"
    )
    backtest_piece_max_count: int = Field(
        2_000, gt=0, description="How many events a backtest reads before it keeps what it found so far"
    )
    backtest_turn_seconds: float = Field(
        10.0, gt=0, description="How long a backtest goes on before those of other communities have their turn"
    )
    backtest_max_seconds: float = Field(
        3_600.0, gt=0, description="What reading and matching of one backtest may take; one that takes more fails"
    )
    backtest_memory_bytes: int = Field(
        2 * 1024**3, gt=0, description="What the process that runs backtests may hold in memory"
    )
    backtest_niceness: int = Field(
        19,
        ge=0,
        le=19,
        description="How far the process that runs backtests stands behind others at the processor",
    )
    backtest_gives_way_count: int = Field(
        500, ge=0, description="From how many records on that wait for the live line a backtest waits for it"
    )
    backtest_kept_days: int = Field(180, gt=0, description="How long it is kept what came of a backtest")
    backtest_valid_days: int = Field(
        14,
        gt=0,
        description="How old the backtest of a draft may be that is submitted, where a community asks for one",
    )
    what_if_records_max_count: int = Field(
        50_000,
        gt=0,
        description="How many records of the log are looked through for an event that is tried on a draft",
    )
    what_if_seconds: float = Field(
        20.0, gt=0, description="How long the log is looked through for an event that is tried on a draft"
    )
    restatements_open_max_count: int = Field(
        5,
        gt=0,
        description="How many restatements of a community may be worked out, wait for somebody, or be posted",
    )
    restatement_events_max_count: int = Field(
        200_000, gt=0, description="To how many events a restatement may apply a version; one of more fails"
    )
    restatement_differences_max_count: int = Field(
        200_000, gt=0, description="How many awards a restatement may change; one of more fails"
    )
    restatement_part_max_count: int = Field(
        500,
        gt=0,
        description=(
            "How many awards one transaction restates; more only where they are of one member, or under one limit"
        ),
    )
    restatement_entangled_max_count: int = Field(
        50_000,
        gt=0,
        description="How many other claims may share limits with those of one transaction; beyond that it fails",
    )
    restatement_max_seconds: float = Field(
        3_600.0,
        gt=0,
        description="What reading and matching of one restatement may take; one that takes more fails",
    )
    restatement_kept_days: int = Field(
        180, gt=0, description="How long a restatement is kept that failed or was cancelled; others are kept"
    )
