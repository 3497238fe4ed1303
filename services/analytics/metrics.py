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
SETTLED_NUDGES = Counter(
    "plaudit_analytics_settled_nudges_total",
    "Nudges whose days are over, and of which it was looked at whether their members did what was wished",
)
