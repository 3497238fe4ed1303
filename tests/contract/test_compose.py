"""docker-compose.yml: read by old and new parsers, without a default secret, and open to this machine alone."""

import os
import re
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from plaudit.cli import main
from plaudit.secrets import compose_files, service_files
from shared.services import CONSOLE, GATEWAY, SERVICES

FILE = Path(__file__).parents[2] / "docker-compose.yml"
TEXT = FILE.read_text()
OURS = {"provision", *SERVICES, CONSOLE, GATEWAY}
WITHOUT_SECRETS = {"prometheus", "alertmanager"}
CONTAINERS = OURS | {"kafka", "postgres", "postgres-exporter", "grafana"}
PROMETHEUS = FILE.parent / "deploy" / "prometheus"
PARSE_SECONDS = 60


def composed() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(TEXT)
    return document


def test_it_has_no_key_that_one_of_the_parsers_refuses() -> None:
    # Debian 12's docker-compose 1.29 knows no `name`, and the newer ones warn of a `version`.
    assert set(composed()) == {"x-service", "services", "networks", "volumes"}


def test_every_secret_comes_from_a_file_that_must_be_made() -> None:
    assert "${" not in TEXT
    assert not re.search(r"change-?me|password=", TEXT, re.IGNORECASE)
    services = composed()["services"]
    assert {name for name, service in services.items() if "env_file" not in service} == WITHOUT_SECRETS
    assert {name: service["env_file"] for name, service in services.items() if "env_file" in service} == {
        name: [f"secrets/{name}.env"] for name in CONTAINERS
    }
    assert {*service_files(), *compose_files()} == CONTAINERS


def test_only_ingest_has_the_administrators_key() -> None:
    assert "PLAUDIT_ADMIN_KEY" not in TEXT
    assert [name for name, variables in service_files().items() if "PLAUDIT_ADMIN_KEY" in variables] == ["ingest"]


def test_what_listens_does_so_on_this_machine_alone() -> None:
    ports = {name: service.get("ports", []) for name, service in composed()["services"].items()}
    seen = {*SERVICES, CONSOLE, GATEWAY, "prometheus", "alertmanager", "grafana"}
    assert {name for name, given in ports.items() if given} == seen
    assert all(port.startswith("127.0.0.1:") for given in ports.values() for port in given)


def test_services_believe_the_console_and_the_gateway_of_who_asks() -> None:
    document = composed()
    addresses = {
        name: service["networks"]["default"]["ipv4_address"]
        for name, service in document["services"].items()
        if "networks" in service
    }
    assert set(addresses) == {CONSOLE, GATEWAY}
    (subnet,) = document["networks"]["default"]["ipam"]["config"]
    assert all(ip_address(one) in ip_network(subnet["subnet"]) for one in addresses.values())
    for name in SERVICES:
        # The service's own settings read it: nobody else is believed.
        variables = document["x-service"]["environment"] | document["services"][name].get("environment", {})
        assert set(variables["PLAUDIT_TRUSTED_PROXIES"].split(",")) == set(addresses.values())
    for name in addresses:
        assert document["services"][name]["environment"]["PLAUDIT_TRUSTED_PROXIES"] == ""


def test_metrics_of_what_the_public_may_reach_are_at_a_port_that_it_may_not() -> None:
    services = composed()["services"]
    for name in (CONSOLE, GATEWAY):
        port = services[name]["environment"]["PLAUDIT_METRICS_PORT"]
        assert not any(published.endswith(f":{port}") for published in services[name]["ports"])


@pytest.mark.parametrize("missing", [None, *sorted(CONTAINERS)])
def test_the_parser_that_debian_ships_takes_it_once_every_secret_is_made(
    tmp_path: Path, missing: str | None
) -> None:
    parser = shutil.which("docker-compose")
    if parser is None:
        pytest.skip("docker-compose is not installed: apt-get install docker-compose")
    made = CliRunner().invoke(main, ["secrets", "--compose", str(tmp_path / "secrets")])
    assert made.exit_code == 0, made.output
    shutil.copy(FILE, tmp_path)
    if missing:
        (tmp_path / "secrets" / f"{missing}.env").unlink()

    ran = subprocess.run(
        [parser, "--project-directory", str(tmp_path), "-f", str(tmp_path / FILE.name), "config"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=PARSE_SECONDS,
        check=False,
    )

    assert (ran.returncode == 0) == (missing is None), ran.stderr
    if missing:
        assert f"{missing}.env" in ran.stderr


def test_who_needs_to_write_nothing_cannot_and_nobody_gains_a_right() -> None:
    for name, service in composed()["services"].items():
        if name in {"kafka", "postgres"}:
            # Their images prepare their volumes as root, and run as another user then.
            continue
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_what_is_mounted_is_there() -> None:
    document = composed()
    for service in document["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (FILE.parent / source).exists(), source
                assert volume.endswith(":ro"), volume
            else:
                assert source in document["volumes"]


def test_prometheus_scrapes_there_what_it_does_anywhere_but_for_kafka() -> None:
    there, anywhere = (
        yaml.safe_load((PROMETHEUS / name).read_text()) for name in ("compose.yml", "prometheus.yml")
    )
    anywhere["scrape_configs"] = [one for one in anywhere["scrape_configs"] if one["job_name"] != "kafka"]
    assert there == anywhere
    targets = {
        target.partition(":")[0]
        for job in there["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }
    assert targets <= set(composed()["services"])


def test_the_role_of_the_exporter_is_the_one_that_it_logs_in_as() -> None:
    made = compose_files()
    script = (FILE.parent / "deploy" / "postgres" / "exporter.sh").read_text()
    assert f"create role {made['postgres-exporter']['DATA_SOURCE_USER']} login" in script
    assert made["postgres"]["PLAUDIT_EXPORTER_PASSWORD"] == made["postgres-exporter"]["DATA_SOURCE_PASS"]
