"""docs/three-servers.md on one machine: its certificates, its three brokers, and each variable that it has."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from plaudit.broker.administration import administering
from plaudit.broker.rights import ADMIN, user_name
from plaudit.provision import provision_broker
from plaudit.secrets import service_files
from plaudit.stack import StackState, jars, kafka
from plaudit.stack.paths import CHECKOUT
from plaudit.stack.readiness import kafka_answers
from shared.broker import Broker
from shared.kafka import create_topics
from shared.services import CONSOLE, GATEWAY, SERVICES
from shared.topics import TOPICS
from tests.contract.test_settings_documented import settings_of
from tests.faults.workers import free_port
from tests.pages import shell_blocks
from tests.waiting import until

PAGE = (CHECKOUT / "docs" / "three-servers.md").read_text()
BLOCKS = shell_blocks("three-servers.md")
SERVERS = (1, 2, 3)
COMMAND_SECONDS = 60
STOP_SECONDS = 30
#: Of this machine, where nothing of anybody else's listens.
ADDRESS = "127.0.0."
BROKER_PASSWORD, ADMIN_PASSWORD = "of-the-brokers", "of-the-administrator"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the page's certificates and secrets were made, for addresses of this machine."""
    folder = tmp_path_factory.mktemp("three")
    path = f"{CHECKOUT / '.venv' / 'bin'}:{os.environ['PATH']}"
    for heading in ("Certificates", "Secrets"):
        (block,) = BLOCKS[heading]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.replace("10.0.0.", ADDRESS)],
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return folder


def variables(text: str) -> dict[str, str]:
    """Lines of a file of variables."""
    return dict(line.split("=", 1) for line in text.splitlines() if line)


def test_each_variable_of_the_page_is_one_that_its_process_reads(made: Path) -> None:
    common, doors, of_console = (variables(block) for block in BLOCKS["Plaudit"])
    secrets = {part: variables((made / "secrets" / f"{part}.env").read_text()) for part in service_files()}
    every = common | doors | of_console
    fields = {
        f"PLAUDIT_{name.upper()}"
        for part in (*SERVICES, CONSOLE, GATEWAY)
        for name in settings_of(part).model_fields
    }
    assert set(every) <= fields
    given: dict[str, Mapping[str, str]] = {service: common | secrets[service] for service in SERVICES}
    given |= {CONSOLE: doors | of_console | secrets[CONSOLE], GATEWAY: doors}
    for part, values in given.items():
        known = settings_of(part)
        settings = known(
            **{
                name: values[variable]
                for name in known.model_fields
                if (variable := f"PLAUDIT_{name.upper()}") in values
            }
        )
        assert settings.http_host == "127.0.0.1"


@pytest.fixture
async def brokers(made: Path, plaudit_home: Path) -> AsyncIterator[Broker]:
    """Three brokers with the page's settings, as their administrator has them."""
    nodes = [
        StackState(
            name=f"server-{number}",
            directory=plaudit_home / f"server-{number}",
            ports={"kafka": free_port(), "controller": free_port()},
            kafka_cluster_id="dGhyZWVzZXJ2ZXJzLi4uLg",
        )
        for number in SERVERS
    ]
    paths = await asyncio.to_thread(jars.classpath)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kafka, "properties", lambda state: settings_of_broker(made, nodes, nodes.index(state)))
        for node in nodes:
            await asyncio.to_thread(kafka.prepare, node, paths)
    running = [started(kafka.spec(node, paths)) for node in nodes]
    servers = [f"{ADDRESS}{number}:{node.ports['kafka']}" for number, node in zip(SERVERS, nodes, strict=True)]
    broker = Broker(",".join(servers), ADMIN, ADMIN_PASSWORD, "PLAIN", tls=True, ca_file=str(made / "ca.crt"))
    try:
        for server in servers:
            await until(lambda server=server: kafka_answers(replace(broker, servers=server)))
        yield broker
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait(STOP_SECONDS)


def settings_of_broker(made: Path, nodes: list[StackState], index: int) -> str:
    """The page's properties for one server, with this machine's addresses, ports and files."""
    (text,) = re.findall(r"```properties\n(.*?)```", PAGE, re.DOTALL)
    own, number = nodes[index], SERVERS[index]
    for line_of, port in (("listeners", "9092"), ("advertised.listeners", "9092")):
        text = re.sub(
            rf"(?m)^({line_of}=.*)10\.0\.0\.1:{port}", rf"\g<1>{ADDRESS}{number}:{own.ports['kafka']}", text
        )
    text = re.sub(
        r"(?m)^(listeners=.*)10\.0\.0\.1:9093", rf"\g<1>{ADDRESS}{number}:{own.ports['controller']}", text
    )
    for other, node in zip(SERVERS, nodes, strict=True):
        text = text.replace(f"10.0.0.{other}:9093", f"{ADDRESS}{other}:{node.ports['controller']}")
    pair = made / f"server-{number}.pem"
    pair.write_text("".join((made / f"server-{number}.{kind}").read_text() for kind in ("key", "crt")))
    changes = {
        "node.id=1": f"node.id={number}",
        "/etc/kafka/server.pem": str(pair),
        "/etc/kafka/ca.crt": str(made / "ca.crt"),
        "/var/lib/kafka": str(own.directory / "kafka" / "data"),
        "BROKER": BROKER_PASSWORD,
        '"ADMIN"': f'"{ADMIN_PASSWORD}"',
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    assert "10.0.0." not in text
    return text


def started(spec: kafka.ProcessSpec) -> subprocess.Popen[bytes]:
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    with spec.log.open("ab") as log:
        return subprocess.Popen(spec.argv, env=dict(spec.environment), cwd=spec.directory, stdout=log, stderr=log)


@pytest.fixture
def passwords(made: Path) -> dict[str, str]:
    """The services' passwords at Kafka."""
    provisioned = variables((made / "secrets" / "provision.env").read_text())
    return {service: provisioned[f"PLAUDIT_{service.upper()}_KAFKA_PASSWORD"] for service in SERVICES}


@pytest.mark.stack
async def test_its_brokers_keep_each_topic_three_times_and_let_services_in(
    brokers: Broker, passwords: dict[str, str]
) -> None:
    await provision_broker(brokers, passwords)
    assert await create_topics(brokers, TOPICS) == []
    async with administering(brokers) as admin:
        described = await admin.describe_topics([topic.name for topic in TOPICS])
    assert {len(one["replicas"]) for topic in described for one in topic["partitions"]} == {len(SERVERS)}
    service = replace(brokers, user=user_name("ingest"), password=passwords["ingest"], mechanism="SCRAM-SHA-512")
    assert await kafka_answers(service)
    assert not await kafka_answers(replace(service, password="another"))
    assert not await kafka_answers(replace(service, tls=False))
