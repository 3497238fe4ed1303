"""What scoring counts."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS_SCORED = Counter(
    "plaudit_scoring_events_total",
    "Events by what was done: scored, without_programme, duplicate, retraction, restoration",
    ["outcome"],
)
AWARDS_MADE = Counter(
    "plaudit_scoring_awards_total", "Awards and amendments recorded, by kind: award, increase, decrease", ["kind"]
)
AWARDED_POINTS = Counter(
    "plaudit_scoring_points_total",
    "Points of the awards and amendments, by kind: award, increase, decrease",
    ["kind"],
)
RULES_DECLINED = Counter(
    "plaudit_scoring_declined_total",
    "Times that a rule listening to an event gave less than its points",
    ["reason"],
)
AWARDS_ADJUSTED = Counter(
    "plaudit_scoring_adjusted_total", "Awards that got another room under limits because of other events"
)
CLAIMS_TO_SETTLE = Gauge(
    "plaudit_scoring_claims_to_settle", "Claims whose room is still to be found: more than one batch may adjust"
)
PROGRAMMES_PUBLISHED = Counter("plaudit_scoring_programmes_published_total", "Versions of programmes published")
PROGRAMMES_WAITING = Gauge(
    "plaudit_scoring_programmes_waiting", "Versions of programmes that another person has yet to approve"
)
MANUAL_AWARDS = Counter(
    "plaudit_scoring_manual_awards_total", "Awards by hand, by what was done: given, taken, reversed", ["done"]
)
PRIZES = Counter(
    "plaudit_scoring_prizes_total",
    "Grants that carry points, by what came with them: the whole, cut by budget or limit, nothing, or taken back",
    ["became"],
)
MANUAL_WAITING = Gauge(
    "plaudit_scoring_manual_awards_waiting", "Awards by hand that another person has yet to approve"
)
AUDIENCE_TURNS = Counter(
    "plaudit_scoring_audience_turns_total", "Members who entered an audience, or left it", ["turn"]
)
for done in ("given", "taken", "reversed"):
    MANUAL_AWARDS.labels(done)
SIGNAL_CASES_WAITING = Gauge(
    "plaudit_scoring_signal_cases_waiting", "Cases of held awards that wait for a person to look at them"
)
SIGNAL_POINTS_HELD = Gauge("plaudit_scoring_signal_points_held", "Points that such cases withhold")
SIGNAL_CASES_OLD = Gauge(
    "plaudit_scoring_signal_cases_old",
    "Cases of held awards that nobody has looked at for PLAUDIT_SIGNAL_CASE_OLD_DAYS",
)
SIGNALS_DECIDED = Counter(
    "plaudit_scoring_signal_cases_decided_total",
    "Cases of held awards that a person decided, by what: release_asked, released, denied",
    ["decision"],
)
for decided in ("release_asked", "released", "denied"):
    SIGNALS_DECIDED.labels(decided)
CAMPAIGNS_NOT_GIVING = Gauge(
    "plaudit_scoring_campaigns_not_giving",
    "Campaigns that give nothing, by why: braked (spent too fast), stopped (by a person), exhausted (all spent)",
    ["state"],
)
CONTENT_JUDGED = Counter(
    "plaudit_scoring_content_judged_total",
    "What events said of content, by kind: accepted, voted, rated, reacted, reported, seen",
    ["kind"],
)
CONTENT_POINTS_TOLD = Counter(
    "plaudit_scoring_content_points_told_total", "Awards and amendments of the points that good content gives"
)
TRUST_SECONDS = Histogram(
    "plaudit_scoring_trust_seconds", "How long it took to work out how far the members of a community are trusted"
)
CHILDREN_ENDED = Counter(
    "plaudit_scoring_children_ended_total", "Child processes that ended because what they did took too much"
)
EVALUATED_APART_SECONDS = Counter(
    "plaudit_scoring_evaluated_apart_seconds_total",
    "Seconds of the processor that conditions took in child processes",
)
# The alert on it asks for what was added: a counter that appears with its first rule would show no growth.
RULES_DECLINED.labels("too_slow")
CASES_DECIDED = Counter(
    "plaudit_scoring_cases_total",
    "Times that cases of the guidelines became upheld, dismissed, appealed, overturned, open or withdrawn",
    ["state"],
)
CASES_WAITING = Gauge(
    "plaudit_scoring_cases_waiting",
    "Cases of the guidelines that somebody is to decide, by deadline: in_time, overdue",
    ["deadline"],
)
VOIDS_TO_SWEEP = Gauge(
    "plaudit_scoring_voids_to_sweep",
    "Upheld contents and suspensions of which points are still to be reversed or given back",
)
for state in ("open", "upheld", "dismissed", "appealed", "overturned", "withdrawn"):
    CASES_DECIDED.labels(state)
for deadline in ("in_time", "overdue"):
    CASES_WAITING.labels(deadline)

for _became in ("whole", "cut", "nothing", "taken_back"):
    PRIZES.labels(_became)

BACKTESTS = Gauge("plaudit_scoring_backtests", "Backtests that wait and run, by state: queued, running", ["state"])
BACKTEST_STUCK_SECONDS = Gauge(
    "plaudit_scoring_backtest_stuck_seconds",
    "Seconds since any open backtest got on or waited for the live line; 0 where none is open",
)
for _state in ("queued", "running"):
    BACKTESTS.labels(_state)

RESTATEMENTS = Gauge(
    "plaudit_scoring_restatements",
    "Restatements that the platform has to do with, by state: computing, approved, posting, reversing",
    ["state"],
)
RESTATEMENT_STUCK_SECONDS = Gauge(
    "plaudit_scoring_restatement_stuck_seconds",
    "Seconds since any restatement that the platform has to do with got on; 0 where there is none",
)
RESTATED_AWARDS = Counter(
    "plaudit_scoring_restated_awards_total",
    "Awards and amendments that restatements posted, and that their reversals did, by what: posted, taken_back",
    ["what"],
)
for _state in ("computing", "approved", "posting", "reversing"):
    RESTATEMENTS.labels(_state)
for _what in ("posted", "taken_back"):
    RESTATED_AWARDS.labels(_what)
