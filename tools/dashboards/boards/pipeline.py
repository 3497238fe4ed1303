"""Events on their way from the front door to the figures: flow, age, waiting, dead letters."""

from tools.dashboards.panels import Board, Kind, Panel, Query, quantiles, rates

BOARD = Board(
    uid="plaudit-pipeline",
    title="Plaudit: pipeline",
    description="Events on their way from the front door to the figures: flow, age, waiting, dead letters.",
    page="/pipeline",
    alerts=(
        "PlauditConsumerLag",
        "PlauditBackfillWaits",
        "PlauditEventsLate",
        "PlauditOutboxDepth",
        "PlauditDeadLetters",
        "PlauditBatchesRetried",
        "PlauditConsumerHangs",
        "PlauditDoorBrakes",
        "PlauditRulesTooSlow",
    ),
    rows={
        "Now": (
            Panel(
                "Waiting in Kafka",
                "Records that wait for any service.",
                "short",
                (Query('sum(plaudit_consumer_lag_records{topic!="engagement.backfill.v1"})', ""),),
                kind=Kind.NUMBER,
                warning=1_000,
                critical=10_000,
            ),
            Panel(
                "Waiting to be told",
                "Facts committed that the broker has not yet.",
                "short",
                (Query("sum(plaudit_outbox_pending_rows)", ""),),
                kind=Kind.NUMBER,
                warning=1_000,
                critical=10_000,
            ),
            Panel(
                "Age of awards, 95th percentile",
                "From an event's receipt to its award, the last ten minutes.",
                "s",
                (
                    Query(
                        "histogram_quantile(0.95, sum by (le)"
                        ' (rate(plaudit_event_age_seconds_bucket{stage="award"}[10m])))',
                        "",
                    ),
                ),
                kind=Kind.NUMBER,
                warning=10,
                critical=60,
            ),
            Panel(
                "Dead letters in a day",
                "Records that no service could read.",
                "short",
                (Query("sum(increase(plaudit_dead_letters_total[1d])) or vector(0)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Pace of the front door, lowest",
                "1 is as fast as events come; below, the door slows its callers.",
                "percentunit",
                (Query("min(plaudit_ingest_pace_ratio)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Oldest in front of the door",
                "Age of what ingest has taken and not judged.",
                "s",
                (Query("max(plaudit_ingest_line_age_seconds)", ""),),
                kind=Kind.NUMBER,
                warning=10,
                critical=60,
            ),
        ),
        "Flow": (
            Panel(
                "Records consumed",
                "Records taken from Kafka and committed, per service.",
                "cps",
                rates("plaudit_consumer_records_total", "service"),
            ),
            Panel(
                "Consumer lag",
                "Records that wait in Kafka, per service. Rising for minutes: the service is stuck or too slow.",
                "short",
                (Query("sum by (service) (plaudit_consumer_lag_records)", "{{service}}"),),
            ),
            Panel(
                "Lag by topic",
                "Records that wait in Kafka, per service and topic.",
                "short",
                (Query("sum by (service, topic) (plaudit_consumer_lag_records)", "{{service}} {{topic}}"),),
            ),
            Panel(
                "Outbox depth",
                "Messages committed and not yet acknowledged by the broker. Consuming pauses at 20,000.",
                "short",
                (Query("sum by (service) (plaudit_outbox_pending_rows)", "{{service}}"),),
            ),
            Panel(
                "Messages published",
                "Outbox messages acknowledged by the broker, per service.",
                "cps",
                rates("plaudit_outbox_published_total", "service"),
            ),
            Panel(
                "Time per batch",
                "From the first decoded record of a batch to its commit.",
                "s",
                quantiles("plaudit_consumer_batch_seconds", "service", 0.5, 0.95),
            ),
            Panel(
                "Events of the past",
                "Events sent as ones of the past: taken a second, and how many wait for their turn.",
                "short",
                (
                    Query("sum(rate(plaudit_ingest_events_backfilled_total[$__rate_interval]))", "taken"),
                    Query('sum(plaudit_consumer_lag_records{topic="engagement.backfill.v1"})', "wait"),
                ),
            ),
        ),
        "End to end": (
            Panel(
                "Age of events, median",
                "From the receipt of an event to the stage that acted on it.",
                "s",
                quantiles("plaudit_event_age_seconds", "stage", 0.5),
            ),
            Panel(
                "Age of events, 95th percentile",
                "From the receipt of an event to the stage that acted on it. A replay shows old events, rightly.",
                "s",
                quantiles("plaudit_event_age_seconds", "stage", 0.95),
            ),
            Panel(
                "What became of events",
                "Events that ingest judged: accepted, duplicate, conflict, rejected.",
                "cps",
                rates("plaudit_ingest_events_judged_total", "outcome"),
            ),
            Panel(
                "Events taken and refused",
                "Events that the broker acknowledged, and those that the API refused as invalid.",
                "cps",
                (
                    Query("sum(rate(plaudit_ingest_events_taken_total[$__rate_interval]))", "taken"),
                    Query("sum(rate(plaudit_ingest_events_refused_total[$__rate_interval]))", "refused"),
                ),
            ),
            Panel(
                "Age of the line behind the front door",
                "How long the oldest request that is followed waits to be judged, and the"
                " oldest event to be scored; "
                "late, less is let in.",
                "s",
                (
                    Query("max(plaudit_ingest_line_age_seconds)", "to be judged"),
                    Query("max(plaudit_ingest_scored_age_seconds)", "to be scored"),
                ),
            ),
            Panel(
                "Pace of the front door",
                "The part of the shares at which all are let in: below 1 events are scored late.",
                "percentunit",
                (Query("min(plaudit_ingest_pace_ratio)", "pace"),),
            ),
        ),
        "What went wrong": (
            Panel(
                "Dead letters",
                "Records that can never be processed, since each process started.",
                "short",
                (
                    Query(
                        "sum by (service, topic) (plaudit_dead_letters_total) or on() vector(0)",
                        "{{service}} {{topic}}",
                    ),
                ),
            ),
            Panel(
                "Retries",
                "Batches and publications tried again after a transient failure: database or broker away.",
                "cps",
                (
                    Query(
                        "sum by (service) (rate(plaudit_consumer_retries_total[$__rate_interval]))",
                        "{{service}} batches",
                    ),
                    Query(
                        "sum by (service) (rate(plaudit_outbox_retries_total[$__rate_interval]))",
                        "{{service}} outbox",
                    ),
                ),
            ),
            Panel(
                "Offset conflicts",
                "Batches given up because another worker owned the partition. A few while workers start or stop.",
                "cps",
                rates("plaudit_consumer_offset_conflicts_total", "service"),
            ),
            Panel(
                "Longest turn of a consumer",
                "How long the batch under way has taken.",
                "s",
                (Query("max by (service) (plaudit_consumer_stalled_seconds)", "{{service}}"),),
                critical=60,
            ),
            Panel(
                "Events whose rules were declined",
                "Rules that were not asked to their end, by reason.",
                "cps",
                (Query("sum by (reason) (rate(plaudit_scoring_declined_total[$__rate_interval]))", "{{reason}}"),),
            ),
        ),
    },
)
