"""Every metric of analytics, each with what it means."""

from prometheus_client import Counter, Gauge

EVENTS = Counter("plaudit_analytics_events_total", "Events that were new to the read models")
RETRACTED_EVENTS = Counter("plaudit_analytics_retracted_events_total", "Events taken out of participation again")
RESTORED_EVENTS = Counter("plaudit_analytics_restored_events_total", "Events that count as participation again")
AWARDS = Counter("plaudit_analytics_awards_total", "Awards that were new to the read models")
RETENTION_BEHIND = Gauge(
    "plaudit_analytics_retention_behind_seconds",
    "How long the member has waited who waits longest to be counted in growth and retention",
)
RESPONSES_BEHIND = Gauge(
    "plaudit_analytics_responses_behind_seconds",
    "How long the question or answer has waited that waits longest to be counted in response times",
)
SENTIMENT_BEHIND = Gauge(
    "plaudit_analytics_sentiment_behind_seconds",
    "How long the text has waited that waits longest to be counted in sentiment",
)
NETWORK_BEHIND = Gauge(
    "plaudit_analytics_network_behind_seconds",
    "How long the answer or thanks has waited that waits longest to be counted as a tie",
)
CONTENT_BEHIND = Gauge(
    "plaudit_analytics_content_behind_seconds",
    "How long the reading or response has waited that waits longest to be counted in what is read",
)
SETTLED_NUDGES = Counter(
    "plaudit_analytics_settled_nudges_total",
    "Nudges whose days are over, and of which it was looked at whether their members did what was wished",
)
GOALS_BEHIND = Gauge(
    "plaudit_analytics_goals_behind_seconds",
    "How long the community's goals are overdue that were not looked at for longest",
)
GOAL_TURNS = Counter("plaudit_analytics_goal_turns_total", "Goals that turned, by what they are since", ["state"])
for _state in ("not_yet", "on_pace", "behind", "off_pace", "met", "missed"):
    GOAL_TURNS.labels(state=_state)
MEASURED_CAMPAIGNS = Counter(
    "plaudit_analytics_measured_campaigns_total", "Campaigns of which it was counted who was active for them"
)
GIVEN_UP = Counter(
    "plaudit_analytics_given_up_total",
    "Times that a community's alerts, campaigns, goals, digest, scorecard, network or response times were left"
    " out because they took too long",
    ["what"],
)
for _what in ("alerts", "campaigns", "goals", "digest", "scorecard", "network", "responses"):
    GIVEN_UP.labels(_what)
REMINDERS = Counter(
    "plaudit_analytics_decision_reminders_total", "Decisions of which somebody was reminded to look at them again"
)
ALERTS = Counter(
    "plaudit_analytics_alerts_total",
    "Alerts that were told to people, by what they are about, and whether they were raised or are over",
    ["name", "state"],
)
for _name in ("goal_off_target", "indicator_red", "lineage_lost"):
    for _state in ("raised", "cleared"):
        ALERTS.labels(_name, _state)
DIGESTS = Counter("plaudit_analytics_digests_total", "Weeks of communities that were put into a digest")
REBUILD_READ = Counter("plaudit_analytics_rebuild_read_records_total", "Records that a rebuild has read")
REBUILD_LEFT = Gauge(
    "plaudit_analytics_rebuild_left_records",
    "Records that a rebuild has to read until it is where the running analytics is",
)
REBUILD_BESIDE_LEFT = Gauge(
    "plaudit_analytics_rebuild_beside_left_records",
    "Records that a rebuild beside this analytics has to read, as this one sees it; 0 where there is none",
)
REBUILD_BESIDE_READS = Gauge(
    "plaudit_analytics_rebuild_beside_reads", "1 while a process reads for a rebuild beside this analytics"
)
REBUILD_UNTOLD = Counter(
    "plaudit_analytics_rebuild_untold_messages_total",
    "Messages that a rebuild told nobody, as they were told before, by the topic they were for",
    ["topic"],
)
for _topic in ("audit.v1", "message.requested.v1", "analytics.dlq.v1"):
    REBUILD_UNTOLD.labels(_topic)
