"""Each service: is it up, how much memory, processor and time it takes, what it answers."""

from tools.dashboards.panels import Board, Panel, Query, quantiles, rates

BOARD = Board(
    uid="plaudit-services",
    title="Plaudit: services",
    description="Each service: is it up, how much memory, processor and time it takes, what it answers.",
    page="/parts",
    alerts=(
        "PlauditServiceDown",
        "PlauditHttpErrors",
        "PlauditHttpSlow",
        "PlauditMemory",
        "PlauditTracesLost",
        "PlauditFenced",
    ),
    choices={"service": 'label_values(up{job="plaudit"}, service)'},
    rows={
        "Processes": (
            Panel(
                "Up",
                "1 while Prometheus can scrape the process.",
                "short",
                (Query('up{job="plaudit"}', "{{service}} {{instance}}"),),
            ),
            Panel(
                "Resident memory",
                "Memory of each process.",
                "bytes",
                (Query('process_resident_memory_bytes{job="plaudit"}', "{{service}} {{instance}}"),),
            ),
            Panel(
                "Processor",
                "Processor time of each process, in cores.",
                "short",
                (
                    Query(
                        'rate(process_cpu_seconds_total{job="plaudit"}[$__rate_interval])',
                        "{{service}} {{instance}}",
                    ),
                ),
            ),
            Panel(
                "Open files",
                "File descriptors in use.",
                "short",
                (Query('process_open_fds{job="plaudit"}', "{{service}} {{instance}}"),),
            ),
            Panel(
                "Running for",
                "Since the process started.",
                "s",
                (Query('time() - process_start_time_seconds{job="plaudit"}', "{{service}} {{instance}}"),),
            ),
            Panel(
                "Spans",
                "Spans of told traces: ended, and taken by the collector. None where no collector is named.",
                "ops",
                (
                    Query(
                        "sum by (service) (rate(plaudit_spans_ended_total[$__rate_interval]))", "{{service}} ended"
                    ),
                    Query(
                        "sum by (service) (rate(plaudit_spans_sent_total[$__rate_interval]))", "{{service}} sent"
                    ),
                ),
            ),
            Panel(
                "Fenced",
                "1: a database restored from before, which the service refuses to use.",
                "short",
                (Query('max by (service) (plaudit_fenced{job="plaudit"})', "{{service}}"),),
                critical=1,
            ),
        ),
        "HTTP": (
            Panel(
                "Requests",
                "Requests answered, per service.",
                "reqps",
                rates("plaudit_http_requests_total", "service"),
            ),
            Panel(
                "Latency",
                "From a request's first byte to the last of its answer, per service.",
                "s",
                quantiles("plaudit_http_request_seconds", "service", 0.5, 0.99),
            ),
            Panel(
                "Share of server errors",
                "Answers with a status of 500 and above, of all answers.",
                "percentunit",
                (
                    Query(
                        '(sum by (service) (rate(plaudit_http_requests_total{status=~"5.."}[$__rate_interval]))'
                        " or 0 * sum by (service) (rate(plaudit_http_requests_total[$__rate_interval])))"
                        " / (sum by (service) (rate(plaudit_http_requests_total[$__rate_interval])) > 0)",
                        "{{service}}",
                    ),
                ),
            ),
            Panel(
                "Latency by route, 99th percentile",
                "The slowest routes.",
                "s",
                (
                    Query(
                        "topk(10, histogram_quantile(0.99, sum by (le, service, route)"
                        " (rate(plaudit_http_request_seconds_bucket[$__rate_interval]))))",
                        "{{service}} {{route}}",
                    ),
                ),
            ),
            Panel(
                "Requests waiting for the broker",
                "At ingest; at its limit further requests are answered 503.",
                "short",
                (Query("sum by (service) (plaudit_ingest_requests_waiting)", "{{service}}"),),
            ),
            Panel(
                "Rebuild of analytics",
                "Records that a rebuild beside analytics has to read, and whether a process reads for it.",
                "short",
                (
                    Query("max(plaudit_analytics_rebuild_beside_left_records)", "left"),
                    Query("max(plaudit_analytics_rebuild_beside_reads)", "reads (1) or not (0)"),
                ),
            ),
            Panel(
                "Requests told to wait",
                "Answered 429 by the share that was used up; all-… means that all together send too much.",
                "reqps",
                (
                    Query(
                        "sum by (share) (rate(plaudit_ingest_requests_limited_total[$__rate_interval]))",
                        "{{share}}",
                    ),
                ),
            ),
            Panel(
                "Answers by status",
                "Answers, per service and status.",
                "reqps",
                (
                    Query(
                        "sum by (service, status) (rate(plaudit_http_requests_total[$__rate_interval]))",
                        "{{service}} {{status}}",
                    ),
                ),
            ),
        ),
    },
)
