"""What platforms deliver to the community, and what the community's facts are delivered to."""

from tools.dashboards.panels import Board, Kind, Panel, Query, rates

BOARD = Board(
    uid="plaudit-connectors",
    title="Plaudit: connectors and webhooks",
    description="What platforms deliver to the community, and what the community's facts are delivered to.",
    page="/connectors",
    alerts=(
        "PlauditDeliveriesRefused",
        "PlauditDeliveriesUnmapped",
        "PlauditWebhooksOff",
        "PlauditWebhooksLate",
    ),
    rows={
        "Now": (
            Panel(
                "Deliveries at work",
                "Taken from platforms and not yet mapped to events.",
                "short",
                (Query("sum(plaudit_ingest_deliveries_at_work)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Connections that are silent",
                "Of which nothing came for longer than usual.",
                "short",
                (Query("max(plaudit_ingest_connections_silent)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Endpoints switched off",
                "Failed for so long that deliveries to them stopped.",
                "short",
                (Query("max(plaudit_ingest_webhooks_disabled)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Endpoints failing",
                "Whose last delivery failed.",
                "short",
                (Query("max(plaudit_webhook_endpoints_failing)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Deliveries that wait",
                "Facts that wait to be delivered.",
                "short",
                (Query("sum(plaudit_webhook_waiting_deliveries)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Oldest delivery",
                "How long it has waited.",
                "s",
                (Query("max(plaudit_webhook_oldest_seconds)", ""),),
                kind=Kind.NUMBER,
                warning=3_600,
                critical=21_600,
            ),
        ),
        "In": (
            Panel(
                "Deliveries of platforms",
                "What connected platforms delivered, by what became of it; and what was refused.",
                "cps",
                (
                    *rates("plaudit_ingest_deliveries_total", "outcome"),
                    Query("sum(rate(plaudit_ingest_deliveries_refused_total[$__rate_interval]))", "refused"),
                ),
            ),
            Panel(
                "Check-ins",
                "At events in person.",
                "cps",
                (Query("sum(rate(plaudit_ingest_check_ins_total[$__rate_interval]))", "check-ins"),),
            ),
            Panel(
                "Deliveries again",
                "Delivered once more by the platform or replayed by a person.",
                "cps",
                (
                    Query("sum(rate(plaudit_ingest_deliveries_again_total[$__rate_interval]))", "again"),
                    Query("sum(rate(plaudit_ingest_deliveries_replayed_total[$__rate_interval]))", "replayed"),
                ),
            ),
        ),
        "Out": (
            Panel(
                "Deliveries tried",
                "By what the endpoint answered.",
                "cps",
                (
                    Query(
                        "sum by (outcome) (rate(plaudit_webhook_tries_total[$__rate_interval])) or on() vector(0)",
                        "{{outcome}}",
                    ),
                ),
            ),
            Panel(
                "Deliveries that wait",
                "By service.",
                "short",
                (Query("sum by (service) (plaudit_webhook_waiting_deliveries)", "{{service}}"),),
            ),
            Panel(
                "Oldest delivery",
                "By service.",
                "s",
                (Query("max by (service) (plaudit_webhook_oldest_seconds)", "{{service}}"),),
                critical=21_600,
            ),
            Panel(
                "Given up",
                "Deliveries that were tried to the end.",
                "cps",
                (
                    Query("sum(rate(plaudit_webhook_given_up_total[$__rate_interval]))", "given up"),
                    Query("sum(rate(plaudit_webhook_exhausted_total[$__rate_interval]))", "exhausted"),
                ),
            ),
        ),
    },
)
