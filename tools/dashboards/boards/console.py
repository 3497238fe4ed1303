"""Pages and the one address in front of the services: requests, time, errors, sign-ins."""

from tools.dashboards.panels import Board, Kind, Panel, Query

BOARD = Board(
    uid="plaudit-console",
    title="Plaudit: console and gateway",
    description="Pages and the one address in front of the services: requests, time, errors, sign-ins.",
    page="/",
    alerts=("PlauditSignInsRefused",),
    rows={
        "Now": (
            Panel(
                "Pages in an hour",
                "Requests that the console answered.",
                "short",
                (Query('sum(increase(plaudit_http_requests_total{service="console"}[1h]))', ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Pages, 95th percentile",
                "Time of a page, the last ten minutes.",
                "s",
                (
                    Query(
                        "histogram_quantile(0.95, sum by (le)"
                        ' (rate(plaudit_http_request_seconds_bucket{service="console"}[10m])))',
                        "",
                    ),
                ),
                kind=Kind.NUMBER,
                warning=0.5,
                critical=2,
            ),
            Panel(
                "Gateway, 95th percentile",
                "Time through the gateway, the last ten minutes.",
                "s",
                (
                    Query(
                        "histogram_quantile(0.95, sum by (le)"
                        ' (rate(plaudit_http_request_seconds_bucket{service="gateway"}[10m])))',
                        "",
                    ),
                ),
                kind=Kind.NUMBER,
                warning=0.5,
                critical=2,
            ),
            Panel(
                "Sign-ins refused in an hour",
                "Links and codes that were wrong, expired or used.",
                "short",
                (Query("sum(increase(plaudit_ingest_sign_ins_refused_total[1h])) or vector(0)", ""),),
                kind=Kind.NUMBER,
                warning=20,
            ),
        ),
        "Pages": (
            Panel(
                "Requests",
                "By status.",
                "reqps",
                (
                    Query(
                        "sum by (status) ("
                        'rate(plaudit_http_requests_total{service="console"}[$__rate_interval]))'
                        " or on() vector(0)",
                        "{{status}}",
                    ),
                ),
            ),
            Panel(
                "Slowest pages",
                "The 95th percentile of the ten slowest.",
                "s",
                (
                    Query(
                        "topk(10, histogram_quantile(0.95, sum by (le, route)"
                        ' (rate(plaudit_http_request_seconds_bucket{service="console"}[$__rate_interval]))))',
                        "{{route}}",
                    ),
                ),
            ),
            Panel(
                "Sign-ins",
                "Persons who signed in, and who were refused.",
                "cps",
                (
                    Query("sum(rate(plaudit_ingest_sign_ins_total[$__rate_interval]))", "signed in"),
                    Query("sum(rate(plaudit_ingest_sign_ins_refused_total[$__rate_interval]))", "refused"),
                ),
            ),
        ),
        "Gateway": (
            Panel(
                "Requests",
                "By status.",
                "reqps",
                (
                    Query(
                        "sum by (status) ("
                        'rate(plaudit_http_requests_total{service="gateway"}[$__rate_interval]))'
                        " or on() vector(0)",
                        "{{status}}",
                    ),
                ),
            ),
            Panel(
                "Failures",
                "Requests that a service did not answer.",
                "cps",
                (
                    Query(
                        "sum by (service) (rate(plaudit_gateway_failures_total[$__rate_interval]))"
                        " or on() vector(0)",
                        "{{backend}} {{reason}}",
                    ),
                ),
            ),
            Panel(
                "Public reads refused",
                "Reads of what a community does not show.",
                "cps",
                (Query("sum(rate(plaudit_public_reads_refused_total[$__rate_interval]))", "refused"),),
            ),
        ),
    },
)
