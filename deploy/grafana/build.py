"""Writes the Grafana dashboard (dashboards/plaudit.json) from this description of its panels.

Run it after a change: `python deploy/grafana/build.py`. The tests say when the file is stale, and run every
expression on a live Prometheus that scrapes the real services.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

TARGET = Path(__file__).parent / "dashboards" / "plaudit.json"
DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
GRID_WIDTH = 24
PANEL_HEIGHT = 8
PANELS_PER_ROW_COUNT = 3


@dataclass(frozen=True)
class Query:
    """A PromQL expression and how its series are called."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """A time series panel; `unit` is Grafana's name of the unit."""

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]


def quantiles(histogram: str, by: str, *of: float, where: str = "") -> tuple[Query, ...]:
    """A histogram's quantiles by one label."""
    return tuple(
        Query(
            f"histogram_quantile({one}, sum by (le, {by}) (rate({histogram}_bucket{where}[$__rate_interval])))",
            f"{{{{{by}}}}} p{one * 100:g}",
        )
        for one in of
    )


def rates(counter: str, by: str, where: str = "") -> tuple[Query, ...]:
    """A counter's rate by one label; a zero without a label as long as there is no series."""
    return (Query(f"sum by ({by}) (rate({counter}{where}[$__rate_interval])) or on() vector(0)", f"{{{{{by}}}}}"),)


ROWS: dict[str, tuple[Panel, ...]] = {
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
                    "sum by (service) (rate(plaudit_outbox_retries_total[$__rate_interval]))", "{{service}} outbox"
                ),
            ),
        ),
        Panel(
            "Offset conflicts",
            "Batches given up because another worker owned the partition. A few while workers start or stop.",
            "cps",
            rates("plaudit_consumer_offset_conflicts_total", "service"),
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
            "Kudos",
            "Kudos given here, by which way, and what became of them; and those with a listed word.",
            "cps",
            (
                *rates("plaudit_ingest_kudos_total", "outcome"),
                Query("sum(rate(plaudit_ingest_kudos_listed_total[$__rate_interval]))", "listed"),
            ),
        ),
        Panel(
            "Suggestions",
            "What members did about suggestions, steps by which these went on, and those with a listed word.",
            "cps",
            (
                *rates("plaudit_ingest_ideas_total", "act"),
                Query("sum(rate(plaudit_ingest_ideas_moved_total[$__rate_interval]))", "went on"),
                Query("sum(rate(plaudit_ingest_ideas_listed_total[$__rate_interval]))", "listed"),
            ),
        ),
        Panel(
            "Nominations",
            "Rounds that were declared and decided, nominations, and votes.",
            "cps",
            rates("plaudit_ingest_nominations_total", "act"),
        ),
        Panel(
            "Surveys",
            "Members whom surveys asked, whom they did not ask and why, and answers.",
            "cps",
            (
                Query("sum(rate(plaudit_ingest_surveys_asked_total[$__rate_interval]))", "asked"),
                Query("sum(rate(plaudit_ingest_surveys_answered_total[$__rate_interval]))", "answered"),
                *rates("plaudit_ingest_surveys_not_asked_total", "why"),
            ),
        ),
        Panel(
            "Deliveries of platforms",
            "What connected platforms delivered, by what became of it; and what was refused.",
            "cps",
            (
                *rates("plaudit_ingest_deliveries_total", "outcome"),
                Query("sum(rate(plaudit_ingest_deliveries_refused_total[$__rate_interval]))", "refused"),
            ),
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
            "Requests told to wait",
            "Answered 429 by the share that was used up; all-… means that all together send too much.",
            "reqps",
            (
                Query(
                    "sum by (share) (rate(plaudit_ingest_requests_limited_total[$__rate_interval]))", "{{share}}"
                ),
            ),
        ),
        Panel(
            "Age of the line behind the front door",
            "How long the oldest request that is followed waits to be judged, and the oldest event to be scored; "
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
        Panel(
            "Events taken and refused",
            "Events that the broker acknowledged, and those that the API refused as invalid.",
            "cps",
            (
                Query("sum(rate(plaudit_ingest_events_taken_total[$__rate_interval]))", "taken"),
                Query("sum(rate(plaudit_ingest_events_refused_total[$__rate_interval]))", "refused"),
            ),
        ),
    ),
    "Points, recognition and rewards": (
        Panel(
            "Awards",
            "Awards, and what amended them, that scoring recorded.",
            "cps",
            rates("plaudit_scoring_awards_total", "kind"),
        ),
        Panel(
            "Points",
            "Points of awards, and of what amended them, that scoring recorded.",
            "cps",
            rates("plaudit_scoring_points_total", "kind"),
        ),
        Panel(
            "Badges and levels",
            "Granted and taken back.",
            "cps",
            (
                Query(
                    "sum by (kind, direction) (rate(plaudit_recognition_grants_total[$__rate_interval]))",
                    "{{kind}} {{direction}}",
                ),
            ),
        ),
        Panel(
            "Nudges",
            "Occasions for a word to members, by what became of each.",
            "cps",
            rates("plaudit_recognition_nudges_total", "became"),
        ),
        Panel(
            "Redemptions",
            "Redemptions that reached a state.",
            "cps",
            rates("plaudit_rewards_redemptions_total", "state"),
        ),
        Panel(
            "Rewards left",
            "Rewards of which few are left, and codes of vouchers that cannot be opened.",
            "short",
            (
                Query("max(plaudit_rewards_rewards_low)", "few left"),
                Query("max(plaudit_rewards_voucher_codes_unreadable)", "codes unreadable"),
            ),
        ),
        Panel(
            "Sends",
            "Lines of sends by what became of them, and those that failed and wait.",
            "short",
            (
                Query(
                    "sum by (became) (increase(plaudit_rewards_send_lines_total[$__rate_interval]))", "{{became}}"
                ),
                Query("max(plaudit_rewards_send_lines_failed)", "failed, waiting"),
            ),
        ),
        Panel(
            "Goods",
            "Goods that are sent or ordered, by states that they reached.",
            "cps",
            rates("plaudit_rewards_fulfilments_total", "state"),
        ),
        Panel(
            "Goods waiting",
            "Goods with an address that nobody has sent, days that the oldest waits, addresses nobody can open.",
            "short",
            (
                Query("max(plaudit_rewards_goods_waiting)", "waiting"),
                Query("max(plaudit_rewards_goods_wait_seconds) / 86400", "days"),
                Query("max(plaudit_rewards_delivery_addresses_unreadable)", "addresses unreadable"),
            ),
        ),
        Panel(
            "Providers of gift cards",
            "Questions and orders to providers, by what became of each.",
            "cps",
            rates("plaudit_rewards_provider_calls_total", "became"),
        ),
        Panel(
            "Webhooks of providers",
            "Webhooks of providers of gift cards, by what became of each.",
            "cps",
            rates("plaudit_rewards_provider_webhooks_total", "became"),
        ),
        Panel(
            "Orders open",
            "Orders at providers that nobody knows of, minutes of the oldest, and those that need people.",
            "short",
            (
                Query("max(plaudit_rewards_orders_unknown)", "unknown"),
                Query("max(plaudit_rewards_orders_unknown_seconds) / 60", "minutes"),
                Query("max(plaudit_rewards_orders_troubled)", "need people"),
            ),
        ),
        Panel(
            "Payouts",
            "Payouts that reached a state.",
            "cps",
            rates("plaudit_rewards_payouts_total", "state"),
        ),
        Panel(
            "Ledger differences",
            "What the last check of the ledger found wrong. Anything but 0 is an alarm.",
            "short",
            (Query("sum by (service) (plaudit_rewards_ledger_differences)", "{{service}}"),),
        ),
        Panel(
            "Ledger checks given up",
            "Checks of the ledger, within an hour, of which a part took longer than it may.",
            "short",
            (
                Query(
                    "sum by (service) (increase(plaudit_rewards_ledger_checks_given_up_total[1h]))", "{{service}}"
                ),
            ),
        ),
        Panel(
            "Chain waits",
            "For how long the oldest entry of the ledger has been waiting for its block.",
            "s",
            (Query("max by (service) (plaudit_rewards_chain_waits_seconds)", "{{service}}"),),
        ),
        Panel(
            "Months not closed",
            "Communities that close their months and have one that should have been closed by now.",
            "short",
            (Query("max by (service) (plaudit_rewards_periods_overdue)", "{{service}}"),),
        ),
        Panel(
            "Entries by hand",
            "Entries that two people had booked.",
            "cps",
            (
                Query(
                    "sum by (service) (rate(plaudit_rewards_journals_posted_total[$__rate_interval]))",
                    "{{service}}",
                ),
            ),
        ),
        Panel(
            "Entries chained",
            "Entries of the ledger put into blocks.",
            "cps",
            (
                Query(
                    "sum by (service) (rate(plaudit_rewards_entries_chained_total[$__rate_interval]))",
                    "{{service}}",
                ),
            ),
        ),
        Panel(
            "Liability days",
            "Days whose liability for points was kept, and those that took too long.",
            "short",
            (
                Query(
                    "sum by (became) (increase(plaudit_rewards_liability_days_total[$__rate_interval]))",
                    "{{became}}",
                ),
            ),
        ),
        Panel(
            "Finance waits for another person",
            "Entries of the policy of what points are worth, mappings to accounts of the general ledger, policies "
            "of exchange rates, and decisions about wallets.",
            "short",
            (
                Query("max(plaudit_rewards_liability_policies_waiting)", "policy"),
                Query("max(plaudit_rewards_account_mappings_waiting)", "accounts"),
                Query("max(plaudit_rewards_rate_policies_waiting)", "exchange rates"),
                Query("max(plaudit_rewards_wallet_decisions_waiting)", "wallets"),
            ),
        ),
        Panel(
            "Gift cards quoted",
            "Gift cards quoted whose price follows a rate, and those that had no rate to be quoted at.",
            "short",
            (
                Query(
                    "sum by (became) (increase(plaudit_rewards_card_quotes_total[$__rate_interval]))",
                    "{{became}}",
                ),
            ),
        ),
        Panel(
            "Exchange rates too old",
            "Communities whose exchange rates are too old to be used, or soon will be.",
            "short",
            (Query("max by (service) (plaudit_rewards_rates_stale_soon)", "{{service}}"),),
        ),
        Panel(
            "Members told before points expire",
            "Messages asked for to members whose points expire soon.",
            "cps",
            (
                Query(
                    "sum by (service) (rate(plaudit_rewards_expiry_warnings_total[$__rate_interval]))",
                    "{{service}}",
                ),
            ),
        ),
        Panel(
            "Members who owe points",
            "Members whose points were taken back after they had been used.",
            "short",
            (Query("max by (service) (plaudit_rewards_debts)", "{{service}}"),),
        ),
        Panel(
            "Wallets that are low",
            "Wallets that hold less than their owners want to be told of, and times a bank paid what one lacked.",
            "short",
            (
                Query("max by (service) (plaudit_rewards_wallets_low)", "low"),
                Query("sum by (service) (increase(plaudit_rewards_wallets_overrun_total[1h]))", "overrun"),
            ),
        ),
        Panel(
            "What moves in wallets",
            "Moves by kind, and spending that was refused for want of what is in a wallet.",
            "cps",
            (
                Query("sum by (kind) (rate(plaudit_rewards_wallet_moves_total[$__rate_interval]))", "{{kind}}"),
                Query("sum(rate(plaudit_rewards_wallets_refused_total[$__rate_interval]))", "refused"),
            ),
        ),
        Panel(
            "Liability takes",
            "How long it took to compute what points of a community were worth at the end of its last day.",
            "s",
            (Query("max by (service) (plaudit_rewards_liability_seconds)", "{{service}}"),),
        ),
        Panel(
            "Rows altered",
            "Payout runs and payouts that were changed behind the service's back, by the last check, and commands "
            "that were refused for it. Anything but 0 is an alarm.",
            "short",
            (
                Query("sum by (service) (plaudit_rewards_altered)", "found"),
                Query(
                    "sum by (service) (increase(plaudit_rewards_altered_refusals_total[$__rate_interval]))",
                    "refused",
                ),
            ),
        ),
        Panel(
            "Campaigns that give nothing",
            "Braked by their pacing, or stopped by a person.",
            "short",
            (Query("max by (state) (plaudit_scoring_campaigns_not_giving)", "{{state}}"),),
        ),
        Panel(
            "Reports to decide",
            "Cases of the guidelines that wait, and what is still to be reversed or given back.",
            "short",
            (
                Query("max by (deadline) (plaudit_scoring_cases_waiting)", "{{deadline}}"),
                Query("max(plaudit_scoring_voids_to_sweep)", "to reverse"),
            ),
        ),
        Panel(
            "Figures behind",
            "How long the longest wait is to be counted in retention, response times, sentiment or the network.",
            "s",
            (
                Query("max(plaudit_analytics_retention_behind_seconds)", "retention"),
                Query("max(plaudit_analytics_responses_behind_seconds)", "response times"),
                Query("max(plaudit_analytics_sentiment_behind_seconds)", "sentiment"),
                Query("max(plaudit_analytics_network_behind_seconds)", "network"),
                Query("max(plaudit_analytics_goals_behind_seconds)", "goals"),
            ),
        ),
        Panel(
            "Figures left out",
            "Times that a community's campaigns, goals or digest took too long, and were left out.",
            "short",
            (Query("sum by (what) (increase(plaudit_analytics_given_up_total[$__rate_interval]))", "{{what}}"),),
        ),
        Panel(
            "Waiting for a second person",
            "Versions of programmes that change money, and outcomes of payouts, that one person proposed.",
            "short",
            (
                Query("max(plaudit_scoring_programmes_waiting)", "programmes"),
                Query("max(plaudit_scoring_manual_awards_waiting)", "points by hand"),
                Query("max(plaudit_scoring_signal_cases_waiting)", "held points"),
                Query("max(plaudit_scoring_signal_cases_old)", "held points for long"),
                Query("max(plaudit_rewards_outcomes_waiting)", "outcomes"),
                Query("max(plaudit_rewards_bank_lines_open)", "lines of banks"),
            ),
        ),
    ),
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
                    'rate(process_cpu_seconds_total{job="plaudit"}[$__rate_interval])', "{{service}} {{instance}}"
                ),
            ),
        ),
    ),
}


def build() -> dashboard.Dashboard:
    """The dashboard."""
    board = (
        dashboard.Dashboard("Plaudit")
        .uid("plaudit")
        .description("Flow, age, errors and memory of Plaudit's services. Built by deploy/grafana/build.py.")
        .tags(["plaudit"])
        .timezone("utc")
        .time("now-1h", "now")
        .refresh("10s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    ids = itertools.count(1)
    for title, panels in ROWS.items():
        board = board.with_row(dashboard.Row(title).id(next(ids)))
        for panel in panels:
            board = board.with_panel(_built(panel, next(ids)))
    return board


def _built(panel: Panel, panel_id: int) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .id(panel_id)
        .title(panel.title)
        .description(panel.description)
        .datasource(DATASOURCE)
        .unit(panel.unit)
        .min(0)
        .height(PANEL_HEIGHT)
        .span(GRID_WIDTH // PANELS_PER_ROW_COUNT)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )
    for index, query in enumerate(panel.queries):
        made = made.with_target(
            prometheus.Dataquery()
            .ref_id(chr(ord("A") + index))
            .expr(query.expr)
            .legend_format(query.legend)
            .datasource(DATASOURCE)
        )
    return made


def text() -> str:
    """The dashboard as Grafana's JSON."""
    return JSONEncoder(sort_keys=True, indent=2).encode(build().build()) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
