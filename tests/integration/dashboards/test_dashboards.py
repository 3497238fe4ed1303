"""The dashboard and the alerts on a live Prometheus that scrapes the five real services."""

import importlib.util
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from plaudit.stack import StackState
from plaudit.stack.ports import HOST, metrics_port
from shared.services import CONSOLE, GATEWAY, SERVICES
from tests.e2e.community import Community

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
CONFIG = ROOT / "deploy" / "prometheus" / "prometheus.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "plaudit.json"
WAIT_SECONDS = 60.0
SCRAPES_MIN_COUNT = 5
METRIC = re.compile(r"\b(?:plaudit|process)_[a-z_]+\b")
#: The part of an alert before the comparison that makes it an alarm.
ALARM = re.compile(r"^(?P<value>.*?)\s*(?:>|<|==)\s*[0-9.e]+\s*$", re.DOTALL)
#: Alerts about what does not happen in a healthy platform: a counter by topic has no series before.
QUIET_ALERTS = {"PlauditDeadLetters"}


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("grafana_build", ROOT / "deploy" / "grafana" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def panel_queries() -> list[tuple[str, str]]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [(one["title"], target["expr"]) for one in panels for target in one.get("targets", ())]


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_dashboard_is_what_its_description_builds() -> None:
    assert DASHBOARD.read_text() == builder().text(), "stale: run `python deploy/grafana/build.py`"


def test_panels_have_ids_of_their_own_and_say_what_they_show() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    assert all(one["description"] for one in panels if one["type"] != "row")


@pytest.mark.parametrize("alert", alerts(), ids=lambda one: one["alert"])
def test_every_alert_has_a_runbook(alert: dict[str, Any]) -> None:
    address = urlsplit(alert["annotations"]["runbook_url"])
    assert (address.scheme, bool(address.netloc)) == ("https", True)
    page = ROOT / "docs" / "runbooks" / Path(address.path).name
    assert page.read_text().startswith(f"# {alert['alert']}\n")


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, trust_env=False)

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
        return set(self._client.get("/api/v1/metadata").json()["data"])

    def rule_errors(self) -> list[str]:
        groups = self._client.get("/api/v1/rules").json()["data"]["groups"]
        return [rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")]

    def close(self) -> None:
        self._client.close()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} not within {WAIT_SECONDS} s"
        time.sleep(0.1)


def binary(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH; Debian's package `prometheus` has it")
    return found


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    promtool = binary("promtool")
    for arguments in (("rules", str(RULES)), ("config", str(CONFIG))):
        done = subprocess.run([promtool, "check", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
async def traffic(platform: StackState) -> None:
    """Something of everything that the panels show: events, awards, grants, requests."""
    community = Community(platform, "dashboards")
    community.run("programme", "publish", str(ROOT / "programmes" / "starter.yaml"))
    bob = community.run("people", "add", "--name", "Bob", "--role", "finance_approver", "--first-key")["key"]
    community.run("programme", "approve", "1", "--key", bob)
    events = [
        {
            "specversion": "1.0",
            "id": f"e{number}",
            "source": "/forum",
            "type": "forum.post.v1",
            "time": f"2026-03-{1 + number:02d}T12:00:00Z",
            "data": {"channel": "forum", "actor": {"id": f"u{number % 3}"}},
        }
        for number in range(20)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(json.dumps(event) + "\n" for event in events))
        file.flush()
        community.run("import", "cloudevents", file.name)
    await community.settled()
    for url in platform.service_urls.values():
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.get("/openapi.json").status_code == 200
    grants = await community.query("recognition", "select count(*) as n from grants where community = $1")
    assert grants[0]["n"] > 0


@pytest.fixture(scope="module")
def prometheus(platform: StackState, traffic: None) -> Iterator[Prometheus]:
    executable = binary("prometheus")
    config = yaml.safe_load(CONFIG.read_text())
    config["global"] = {"scrape_interval": "250ms", "evaluation_interval": "250ms"}
    config["rule_files"] = [str(RULES)]
    del config["alerting"]
    (job,) = config["scrape_configs"]
    beside = {part: f"http://{HOST}:{metrics_port(platform.ports, part)}" for part in (CONSOLE, GATEWAY)}
    scraped = platform.service_urls | beside
    assert {one["labels"]["service"] for one in job["static_configs"]} == set(scraped)
    for one in job["static_configs"]:
        one["targets"] = [scraped[one["labels"]["service"]].removeprefix("http://")]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
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
            yield running
        finally:
            running.close()
            process.terminate()
            process.wait(timeout=20)


@pytest.mark.stack
def test_every_service_is_scraped(prometheus: Prometheus) -> None:
    up = {one["metric"]["service"]: one["value"][1] for one in prometheus.query('up{job="plaudit"}')}
    assert set(up.values()) == {"1"}
    assert up.keys() == {*SERVICES, CONSOLE, GATEWAY}


@pytest.mark.stack
def test_every_panel_shows_something(prometheus: Prometheus) -> None:
    names = prometheus.metric_names()
    for title, expr in panel_queries():
        asked = {re.sub(r"_(bucket|count|sum)$", "", one) for one in METRIC.findall(expr)}
        assert asked <= names, f"panel {title!r} asks for metrics that no service has: {asked - names}"
        assert prometheus.query(expr.replace("$__rate_interval", "1m")), f"panel {title!r} is empty: {expr}"


@pytest.mark.stack
def test_every_alert_is_about_something_that_is_measured(prometheus: Prometheus) -> None:
    names = prometheus.metric_names()
    for alert in alerts():
        expr = alert["expr"]
        asked = {re.sub(r"_(bucket|count|sum)$", "", one) for one in METRIC.findall(expr)}
        assert asked <= names, f"{alert['alert']} asks for metrics that no service has: {asked - names}"
        parts = ALARM.match(expr)
        assert parts is not None, f"{alert['alert']} does not end in a comparison with a number"
        if alert["alert"] not in QUIET_ALERTS:
            assert prometheus.query(parts["value"]), f"{alert['alert']} watches nothing: {parts['value']}"
    assert prometheus.rule_errors() == []


@pytest.mark.stack
def test_a_healthy_platform_raises_no_alarm(prometheus: Prometheus) -> None:
    for alert in alerts():
        # A busy machine may well be slow; and other tests of this platform are others' first hour.
        if alert["alert"] not in {"PlauditHttpSlow", "PlauditBootstrapKeyUsed"}:
            assert prometheus.query(alert["expr"]) == [], f"{alert['alert']} fires"
