"""What was counted, as metrics: Prometheus compares the services."""

from prometheus_client import Gauge

RECOUNTED_AWARDS = Gauge(
    "plaudit_recounted_awards",
    "Awards and amendments told until the moment of the recount, as this service's rows have them: of all, or of "
    "those that can be spent; how many facts, the sum of their points, and a digest of their ids",
    ["of", "sum"],
)
RECOUNTED_UNTIL = Gauge(
    "plaudit_recounted_until_timestamp_seconds", "Until when what was told is in the recount", ["of"]
)
RECOUNT_ROUND_SECONDS = Gauge(
    "plaudit_recount_round_seconds",
    "How long it took to count every row once more: what is changed by hand is seen within that time",
    ["of"],
)
