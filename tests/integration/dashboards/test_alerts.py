"""Every alert fires on what it is about, and not on what is next to it: Prometheus's own tool runs the rules."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import objectives
from tools.dashboards.boards import BOARDS
from tools.dashboards.panels import WATCHDOG
from tools.dashboards.written import RULES

ROOT = Path(__file__).parents[3]
ALERTMANAGER = ROOT / "deploy" / "prometheus" / "alertmanager.yml"
INTERVAL_SECONDS = 60


@dataclass(frozen=True)
class Case:
    """A series: what makes the alert fire and what is just not enough, in promtool's notation, after `minutes`."""

    series: str
    fires: str
    quiet: str
    minutes: int = 30


def gauge(series: str, fires: float, quiet: float, minutes: int = 30) -> Case:
    """A value that stays."""
    return Case(series, f"{fires}x{minutes}", f"{quiet}x{minutes}", minutes)


def counter(series: str, fires: float, quiet: float, minutes: int = 30) -> Case:
    """What is added each minute."""
    return Case(series, f"0+{fires}x{minutes}", f"0+{quiet}x{minutes}", minutes)


#: Long enough for what has to be so for a day, by steps of half an hour.
DAY = 25 * 60
CASES: Mapping[str, Case] = {
    "PlauditServiceDown": gauge('up{job="plaudit", service="rewards"}', 0, 1),
    "PlauditDatabaseDown": gauge('pg_up{job="postgres", instance="a"}', 0, 1),
    "PlauditTransactionOld": gauge('pg_stat_activity_max_tx_duration{datname="plaudit_ingest"}', 601, 600),
    "PlauditBrokerDown": gauge('up{job="kafka", instance="a"}', 0, 1),
    "PlauditPartitionsOffline": gauge('kafka_controller_offlinepartitionscount{instance="a"}', 1, 0),
    "PlauditReplicasBehind": gauge('kafka_replicas_underreplicatedpartitions{instance="a"}', 1, 0),
    "PlauditConsumerLag": gauge('plaudit_consumer_lag_records{service="scoring", topic="a.v1"}', 10_001, 10_000),
    "PlauditBackfillWaits": gauge(
        'plaudit_consumer_lag_records{service="ingest", topic="engagement.backfill.v1"}', 1, 0, DAY
    ),
    "PlauditInsightBehind": gauge("plaudit_analytics_network_behind_seconds", 601, 600),
    "PlauditDoorBrakes": gauge('plaudit_ingest_pace_ratio{service="ingest"}', 0.49, 0.5, 40),
    "PlauditOutboxDepth": gauge('plaudit_outbox_pending_rows{service="rewards"}', 10_001, 10_000),
    "PlauditDeadLetters": counter('plaudit_dead_letters_total{service="rewards", topic="a"}', 1, 0),
    "PlauditBadSignatures": counter('plaudit_bad_signatures_total{service="rewards", topic="a"}', 1, 0),
    "PlauditBootstrapKeyUsed": counter('plaudit_ingest_bootstrap_uses_total{service="ingest"}', 1, 0),
    "PlauditSignInsRefused": counter('plaudit_ingest_sign_ins_refused_total{service="ingest"}', 70, 50),
    "PlauditDeliveriesRefused": counter('plaudit_ingest_deliveries_refused_total{connector="slack"}', 1, 0.2, 90),
    "PlauditDeliveriesUnmapped": counter(
        'plaudit_ingest_deliveries_total{connector="slack", outcome="unmapped"}', 1, 0.2, 90
    ),
    "PlauditPlatformSilent": gauge('plaudit_ingest_connections_silent{service="ingest"}', 1, 0, 70),
    "PlauditMessagesWait": gauge('plaudit_ingest_messages_oldest_due_seconds{service="ingest"}', 1_801, 1_800),
    "PlauditMessagesUnknown": counter('plaudit_ingest_messages_unknown_total{service="ingest"}', 1, 0),
    "PlauditBatchesRetried": counter('plaudit_consumer_retries_total{service="rewards"}', 7, 5),
    "PlauditConsumerHangs": gauge('plaudit_consumer_stalled_seconds{service="rewards"}', 61, 60),
    "PlauditRulesTooSlow": counter('plaudit_scoring_declined_total{service="scoring", reason="too_slow"}', 1, 0),
    "PlauditRecognitionLeft": counter(
        'plaudit_recognition_turns_given_up_total{service="recognition", work="quests"}', 1, 0
    ),
    "PlauditLedgerDifferences": gauge('plaudit_rewards_ledger_differences{service="rewards"}', 1, 0),
    "PlauditLedgerNotChecked": counter('plaudit_rewards_ledger_checks_given_up_total{service="rewards"}', 1, 0),
    "PlauditChainWaits": gauge('plaudit_rewards_chain_waits_seconds{service="rewards"}', 301, 300),
    "PlauditLiabilityDayLost": counter(
        'plaudit_rewards_liability_days_total{service="rewards", became="given_up"}', 1, 0
    ),
    "PlauditPeriodsOverdue": gauge('plaudit_rewards_periods_overdue{service="rewards"}', 1, 0, DAY),
    "PlauditRewardsLow": gauge('plaudit_rewards_rewards_low{service="rewards"}', 1, 0),
    "PlauditSendLinesFailed": gauge('plaudit_rewards_send_lines_failed{service="rewards"}', 1, 0),
    "PlauditWalletsLow": gauge('plaudit_rewards_wallets_low{service="rewards"}', 1, 0),
    "PlauditCampaignsLacking": gauge('plaudit_rewards_campaigns_lacking{service="rewards"}', 1, 0),
    "PlauditWalletOverrun": counter('plaudit_rewards_wallets_overrun_total{service="rewards"}', 1, 0),
    "PlauditVoucherCodesUnreadable": gauge('plaudit_rewards_voucher_codes_unreadable{service="rewards"}', 1, 0),
    "PlauditOrdersUnknown": gauge('plaudit_rewards_orders_unknown_seconds{service="rewards"}', 3_601, 3_600),
    "PlauditOrdersTroubled": gauge('plaudit_rewards_orders_troubled{service="rewards"}', 1, 0),
    "PlauditRemittancesUnknown": gauge(
        'plaudit_rewards_remittances_unknown_seconds{service="rewards"}', 3_601, 3_600
    ),
    "PlauditRemittancesTroubled": gauge('plaudit_rewards_remittances_troubled{service="rewards"}', 1, 0),
    "PlauditProductsGone": gauge('plaudit_rewards_products_gone{service="rewards"}', 1, 0),
    "PlauditGoodsWait": gauge('plaudit_rewards_goods_wait_seconds{service="rewards"}', 432_001, 432_000),
    "PlauditAddressesUnreadable": gauge('plaudit_rewards_delivery_addresses_unreadable{service="rewards"}', 1, 0),
    "PlauditDebtsOverdue": gauge('plaudit_rewards_debts_overdue{service="rewards"}', 1, 0, 70),
    "PlauditRefundsWait": gauge('plaudit_rewards_refunds_wait_seconds{service="rewards"}', 172_801, 172_800),
    "PlauditRatesAboutToBeStale": gauge('plaudit_rewards_rates_stale_soon{service="rewards"}', 1, 0, 70),
    "PlauditPayoutHoldsOld": gauge(
        'plaudit_rewards_payout_holds_wait_seconds{service="rewards"}', 7_776_001, 7_776_000, 70
    ),
    "PlauditPayoutFindingsWait": gauge(
        'plaudit_rewards_payout_findings_wait_seconds{service="rewards",check="country"}', 1_209_601, 1_209_600, 70
    ),
    "PlauditBankCheckDiffers": gauge('plaudit_rewards_bank_check_items{service="rewards"}', 1, 0, 70),
    "PlauditPayoutSchedulesRefused": gauge(
        'plaudit_rewards_payout_schedules_refused{service="rewards"}', 1, 0, 70
    ),
    "PlauditPayoutTurnsGivenUp": counter(
        'plaudit_rewards_payout_turns_given_up_total{service="rewards",work="schedules"}', 1, 0
    ),
    "PlauditSanctionsMatchesWait": gauge(
        'plaudit_rewards_payout_findings_wait_seconds{service="rewards",check="sanctions_list"}',
        172_801,
        172_800,
        70,
    ),
    "PlauditWaitsForAnother": gauge('plaudit_rewards_outcomes_waiting{service="rewards"}', 1, 0, DAY),
    "PlauditBankLinesWait": gauge(
        'plaudit_rewards_bank_lines_wait_seconds{service="rewards"}', 172_801, 172_800, 70
    ),
    "PlauditBacktestStuck": gauge('plaudit_scoring_backtest_stuck_seconds{service="scoring"}', 901, 900),
    "PlauditRestatementStuck": gauge('plaudit_scoring_restatement_stuck_seconds{service="scoring"}', 901, 900),
    "PlauditHeldAwardsOld": gauge('plaudit_scoring_signal_cases_old{service="scoring"}', 1, 0, 70),
    "PlauditCasesOverdue": gauge('plaudit_scoring_cases_waiting{service="scoring", deadline="overdue"}', 1, 0, 70),
    "PlauditCampaignBraked": gauge(
        'plaudit_scoring_campaigns_not_giving{service="scoring", state="braked"}', 1, 0
    ),
    "PlauditCampaignSpent": gauge(
        'plaudit_scoring_campaigns_not_giving{service="scoring", state="exhausted"}', 1, 0
    ),
    "PlauditWebhooksOff": gauge('plaudit_ingest_webhooks_disabled{service="ingest"}', 1, 0),
    "PlauditWebhooksLate": gauge('plaudit_webhook_oldest_seconds{service="rewards"}', 21_601, 21_600),
    "PlauditFenced": gauge('plaudit_fenced{job="plaudit", service="rewards"}', 1, 0),
    "PlauditTracesLost": counter('plaudit_spans_ended_total{service="rewards"}', 1, 0, 40),
    "PlauditMemory": gauge(
        'process_resident_memory_bytes{job="plaudit", service="rewards"}', 300_000_001, 300_000_000
    ),
}
#: Of records that are made of several series.
OF_SEVERAL = {"PlauditInvariantBroken", "PlauditAwardsDiffer"}
#: Sums that want a second series before they have a value at all.
BESIDE = {"PlauditRowsAltered": ("plaudit_rewards_altered", "plaudit_rewards_altered_refusals_total")}


def rules() -> list[dict[str, Any]]:
    return [
        rule
        for path in RULES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not on PATH; Debian's package `prometheus` has it")
    return found


def fires(alert: str, minutes: float, times: int, **labels: str) -> dict[str, Any]:
    """What promtool is to find: how many alerts of this name fire at a time."""
    matched = "".join(f', {name}="{value}"' for name, value in labels.items())
    expr = f'count(ALERTS{{alertname="{alert}", alertstate="firing"{matched}}}) or vector(0)'
    return {"expr": expr, "eval_time": f"{int(minutes * 60)}s", "exp_samples": [{"labels": "{}", "value": times}]}


def tried(series: Mapping[str, str], asked: list[dict[str, Any]]) -> dict[str, Any]:
    """One test of promtool."""
    return {
        "interval": f"{INTERVAL_SECONDS}s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": asked,
    }


def run(
    promtool: str, tests: list[dict[str, Any]], home: Path, *, rules_file: Path = RULES[0], minutes: int = 1
) -> None:
    path = home / "alerts.yml"
    content = {"rule_files": [str(rules_file)], "evaluation_interval": f"{minutes}m", "tests": tests}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    done = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tried_here_and_stands_on_one_board() -> None:
    named = {one["alert"] for one in rules()}
    budgets = {one.alert for one in objectives.OBJECTIVES}
    assert named - budgets - {WATCHDOG} == CASES.keys() | BESIDE.keys() | OF_SEVERAL
    on_boards = [alert for board in BOARDS for alert in board.alerts]
    assert sorted(on_boards) == sorted(named - {WATCHDOG})


def test_alerts_fire_on_what_they_are_about_and_not_before(promtool: str, tmp_path: Path) -> None:
    tests: list[dict[str, Any]] = []
    long: list[dict[str, Any]] = []
    for alert, one in CASES.items():
        asked = long if one.minutes == DAY else tests
        others = {'plaudit_ingest_deliveries_total{connector="slack", outcome="taken"}': f"0+1x{one.minutes}"}
        asked.append(tried({one.series: one.fires} | others, [fires(alert, one.minutes, 1)]))
        asked.append(tried({one.series: one.quiet} | others, [fires(alert, one.minutes, 0)]))
    for alert, (altered, refused) in BESIDE.items():
        for value in (0, 1):
            series = {f'{altered}{{service="rewards"}}': f"{value}x10", f'{refused}{{service="rewards"}}': "0x10"}
            tests.append(tried(series, [fires(alert, 10, value)]))
    run(promtool, tests, tmp_path)
    run(promtool, long, tmp_path, minutes=30)


def looked(value: int, *, instance: str = "a", at: str = "60+60x30") -> dict[str, str]:
    """What a process of rewards found of one invariant, and when it looked."""
    where = f'job="plaudit", service="rewards", instance="{instance}"'
    return {
        f'plaudit_invariant_differences{{{where}, invariant="no_orphans"}}': f"{value}x30",
        f"plaudit_invariants_looked_timestamp_seconds{{{where}}}": at,
    }


def test_an_invariant_that_is_broken_fires_until_whoever_looked_last_says_that_it_holds(
    promtool: str, tmp_path: Path
) -> None:
    alert = "PlauditInvariantBroken"
    # Another process looks since: what the one before it found is no news.
    followed = looked(2, at="60x30") | looked(0, instance="b")
    tests = [
        tried(looked(1), [fires(alert, 1, 1, service="rewards", invariant="no_orphans")]),
        tried(looked(0), [fires(alert, 30, 0)]),
        tried(followed, [fires(alert, 30, 0)]),
    ]
    run(promtool, tests, tmp_path)


def recounted(
    *, scoring: int = 7, rewards: int = 7, analytics: int = 9, behind: int = 0, until: str = "600x30"
) -> dict[str, str]:
    """What three services have of awards, of which two cannot be spent, while so many records wait for rewards."""
    series = {'plaudit_outbox_pending_rows{service="scoring"}': "0x30"}
    counts = {"scoring": {"spendable": scoring, "all": scoring + 2}, "rewards": {"spendable": rewards}}
    for service, of in {**counts, "analytics": {"all": analytics}}.items():
        where = f'service="{service}", instance="a"'
        for kind, count in of.items():
            series[f'plaudit_recounted_awards{{{where}, of="{kind}", sum="facts"}}'] = f"{count}x30"
        series[f"plaudit_recounted_until_timestamp_seconds{{{where}}}"] = "600x30"
        if service != "scoring":
            topic = f'service="{service}", topic="points.awarded.v1"'
            waits = behind if service == "rewards" else 0
            series[f"plaudit_consumer_lag_records{{{topic}}}"] = f"{waits}x30"
            series[f"plaudit_consumer_records_total{{{topic}}}"] = "0x30"
    return series | {'plaudit_recounted_until_timestamp_seconds{service="rewards", instance="a"}': until}


def test_awards_that_one_service_has_and_another_has_not_fire_once_nothing_is_under_way(
    promtool: str, tmp_path: Path
) -> None:
    alert = "PlauditAwardsDiffer"
    tests = [
        tried(recounted(), [fires(alert, 30, 0)]),
        tried(recounted(rewards=6), [fires(alert, 3, 1, of="spendable", sum="facts")]),
        tried(recounted(analytics=10), [fires(alert, 3, 1, of="all", sum="facts")]),
        tried(recounted(rewards=6, behind=1), [fires(alert, 30, 0)]),
        # Of another moment they may well have another number.
        tried(recounted(rewards=6, until="570x30"), [fires(alert, 30, 0)]),
    ]
    run(promtool, tests, tmp_path)


def test_the_watchdog_fires_while_rules_are_evaluated(promtool: str, tmp_path: Path) -> None:
    run(promtool, [tried({}, [fires(WATCHDOG, 1, 1)])], tmp_path)


def test_a_file_of_objectives_is_what_its_description_writes() -> None:
    assert objectives.TARGET.read_text() == objectives.text(), "stale: run `python -m tools.objectives`"


def answers(minutes: int, *, share: float, each: int = 600) -> dict[str, str]:
    """A service's answers: an hour without an error and then a share of errors, `each` a minute."""
    bad = int(each * share)
    good = each - bad
    before = 60
    return {
        'plaudit_http_requests_total{service="ingest", status="200"}': f"0+{each}x{before} {each * before + good}"
        f"+{good}x{minutes}",
        'plaudit_http_requests_total{service="ingest", status="503"}': f"0x{before} {bad}+{bad}x{minutes}",
    }


def test_a_budget_that_burns_wakes_somebody_up_and_stops_soon_after(promtool: str, tmp_path: Path) -> None:
    """Known answers: 14.4 times 0.1 % of an hour are reached after 52 s of errors alone, after 9 min of 10 %."""
    burns, page = "PlauditHttpErrors", {"severity": "critical", "window": "1h"}
    tests = [
        tried(
            answers(30, share=1.0),
            [fires(burns, 60, 0, **page), fires(burns, 62, 1, **page)],
        ),
        tried(
            answers(30, share=0.1),
            [fires(burns, 67, 0, **page), fires(burns, 71, 1, **page)],
        ),
        tried(answers(90, share=0.01), [fires(burns, 149, 0, **page)]),
        # Ten bad answers in the long window are asked for: nine of eighteen are no budget that burns.
        tried(
            {
                'plaudit_http_requests_total{service="ingest", status="200"}': "0x60 0+1x9 9x30",
                'plaudit_http_requests_total{service="ingest", status="503"}': "0x60 0+1x8 8x30",
            },
            [fires(burns, 70, 0)],
        ),
    ]
    ended = answers(20, share=0.5)
    bad = 'plaudit_http_requests_total{service="ingest", status="503"}'
    ended[bad] += " 6300x60"
    tests.append(tried(ended, [fires(burns, 80, 1, **page), fires(burns, 90, 0, **page)]))
    run(promtool, tests, tmp_path, rules_file=objectives.TARGET)


def test_slow_answers_and_late_events_burn_their_budgets(promtool: str, tmp_path: Path) -> None:
    tests = []
    for alert, one, label in (
        ("PlauditHttpSlow", "plaudit_http_request_seconds", 'service="ingest", le="1.0"'),
        ("PlauditEventsLate", "plaudit_event_age_seconds", 'stage="award", le="60"'),
    ):
        name = label.split(", ")[0]
        for within, times in ((80, 1), (100, 0)):
            series = {f"{one}_bucket{{{label}}}": f"0+{within}x90", f"{one}_count{{{name}}}": "0+100x90"}
            tests.append(tried(series, [fires(alert, 80, times, severity="critical", window="1h")]))
    run(promtool, tests, tmp_path, rules_file=objectives.TARGET)


def test_alertmanager_sends_each_alert_to_where_it_belongs() -> None:
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("amtool is not on PATH; Debian's package `prometheus-alertmanager` has it")
    for labels, receiver in (
        (f"alertname={WATCHDOG}", "plaudit-watchdog"),
        ("severity=critical", "plaudit-pages"),
        ("severity=warning", "plaudit-tickets"),
    ):
        done = subprocess.run(
            [amtool, "config", "routes", "test", f"--config.file={ALERTMANAGER}", labels],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.split() == [receiver], done.stdout + done.stderr
