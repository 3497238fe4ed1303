"""Three brokers that keep two replicas in sync at least: one may go, and when two go nothing is promised."""

import asyncio
import contextlib
import subprocess
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import orjson
import pytest
import pytest_asyncio

from plaudit.broker.administration import administering
from plaudit.broker.rights import ADMIN
from plaudit.provision import Passwords, provision
from plaudit.stack import StackState, jars, kafka, start, stop
from plaudit.stack.processes import ProcessSpec
from plaudit.stack.readiness import kafka_knows_its_administrator
from shared.broker import Broker
from shared.services import SERVICES
from shared.topics import TOPICS
from tests.conftest import SESSION_SECONDS
from tests.faults import load as loads
from tests.faults.arena import Arena
from tests.faults.wires import KafkaProxy, PostgresProxy, Proxy
from tests.faults.workers import HOST, Workers, free_port

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(400)]

BROKERS_COUNT = 3
STOP_SECONDS = 20
#: The topics' own settings are the registry's; these are what a cluster adds.
REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


@dataclass
class Cluster:
    """Three brokers, each also a controller."""

    specs: list[ProcessSpec]
    ports: list[int]
    password: str
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        """All of them, as clients name them."""
        return ",".join(f"{HOST}:{port}" for port in self.ports)

    @property
    def broker(self) -> Broker:
        """All of them, as their administrator has them."""
        return Broker(self.bootstrap, ADMIN, self.password)

    def start(self, number: int) -> None:
        """Start a broker on its data."""
        spec = self.specs[number]
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        with spec.log.open("ab") as log:
            self.processes[number] = subprocess.Popen(
                spec.argv, env=dict(spec.environment), cwd=spec.directory, stdout=log, stderr=log
            )

    def kill(self, number: int) -> None:
        """kill -9."""
        self.processes[number].kill()
        self.processes[number].wait()

    async def ready(self) -> None:
        """Return once every broker answers."""
        async with asyncio.timeout(120):
            for port in self.ports:
                while not await kafka_knows_its_administrator(replace(self.broker, servers=f"{HOST}:{port}")):
                    await asyncio.sleep(0.2)

    def stop(self) -> None:
        """End all of them."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def make_cluster(home: Path) -> Cluster:
    """Write the settings of three brokers and format their storage."""
    nodes = [
        StackState(
            name=f"node-{number}",
            directory=home / f"cluster-{number}",
            ports={"kafka": free_port(), "controller": free_port()},
            kafka_cluster_id="Y2x1c3RlcmNsdXN0ZXJjbA",
            kafka_admin_password="of the cluster",
            kafka_controller_password="of its brokers",
        )
        for number in range(BROKERS_COUNT)
    ]
    voters = ",".join(f"{n + 1}@{HOST}:{node.ports['controller']}" for n, node in enumerate(nodes))
    original = kafka.properties

    def properties(state: StackState) -> str:
        settings = dict(line.split("=", 1) for line in original(state).splitlines())
        settings |= REPLICATED
        settings |= {"node.id": str(nodes.index(state) + 1), "controller.quorum.voters": voters}
        return "".join(f"{key}={value}\n" for key, value in settings.items())

    paths = jars.classpath()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kafka, "properties", properties)
        for node in nodes:
            kafka.prepare(node, paths)
    specs, ports = [kafka.spec(node, paths) for node in nodes], [node.ports["kafka"] for node in nodes]
    return Cluster(specs, ports, nodes[0].kafka_admin_password)


@pytest_asyncio.fixture(scope="module")
async def three_brokers(plaudit_home: Path) -> AsyncIterator[tuple[Arena, Cluster]]:
    """The whole platform on a cluster."""
    cluster = await asyncio.to_thread(make_cluster, plaudit_home)
    name = "cluster"
    door = Proxy(0)
    try:
        for number in range(BROKERS_COUNT):
            cluster.start(number)
        await cluster.ready()
        state = await asyncio.to_thread(
            start, name, only=["postgres"], external_kafka=cluster.broker, provision=False
        )
        await provision(
            broker=cluster.broker,
            postgres_admin_url=state.postgres_admin_url,
            passwords=Passwords(state.kafka_passwords, state.postgres_passwords),
        )
        door.target_port = state.ports["ingest"]
        await door.start()
        workers = Workers(state, {"PLAUDIT_SESSION_SECONDS": str(SESSION_SECONDS)})
        try:
            for service in SERVICES:
                workers.start(service)
            await workers.ready()
            yield Arena(state, PostgresProxy(0), KafkaProxy(0), door, workers), cluster
        finally:
            await workers.stop_all()
    finally:
        await door.stop()
        await asyncio.to_thread(stop, name)
        await asyncio.to_thread(cluster.stop)


async def test_provisioning_gives_each_topic_as_many_copies_as_the_cluster_says(
    three_brokers: tuple[Arena, Cluster],
) -> None:
    _, cluster = three_brokers
    async with administering(cluster.broker) as admin:
        described = await admin.describe_topics([topic.name for topic in TOPICS])
    copies = {len(partition["replicas"]) for topic in described for partition in topic["partitions"]}
    assert copies == {BROKERS_COUNT}


async def test_one_broker_of_three_lost(three_brokers: tuple[Arena, Cluster]) -> None:
    """Its partitions get other leaders; everything goes on without it."""
    arena, cluster = three_brokers
    async with arena.run("11 one broker of three lost") as run:
        await run.moment()
        cluster.kill(run.rng.randrange(BROKERS_COUNT))
        run.recovers()
        await run.recovery_done()
    for number, process in list(cluster.processes.items()):
        if process.poll() is not None:
            cluster.start(number)
    await cluster.ready()


async def test_two_brokers_of_three_lost(three_brokers: tuple[Arena, Cluster]) -> None:
    """One replica is not enough: the front door promises nothing until a second is back."""
    arena, cluster = three_brokers
    async with arena.run("11 two brokers of three lost") as run:
        await run.moment()
        cluster.kill(0)
        cluster.kill(1)
        event = loads.message(f"lonely-{uuid.uuid4().hex}", run.load.events[0]["time"], "p1", "p2")
        async with httpx.AsyncClient(trust_env=False, timeout=120) as http:
            answer = await http.post(
                f"{arena.state.service_urls['ingest']}/v1/events",
                content=orjson.dumps(event),
                headers={"Authorization": f"Bearer {run.key}", "Content-Type": "application/json"},
            )
        assert answer.status_code == 503, answer.text
        # It was refused, and may be in the log all the same: whoever was told 503 sends again.
        run.load.add(event)
        cluster.start(0)
        cluster.start(1)
        with contextlib.suppress(TimeoutError):
            await cluster.ready()
        run.recovers()
        await _send(run, event)


async def _send(run, event: dict) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False, timeout=60) as http:
        while True:
            answer = await http.post(
                f"{run.arena.state.service_urls['ingest']}/v1/events",
                content=orjson.dumps(event),
                headers={"Authorization": f"Bearer {run.key}", "Content-Type": "application/json"},
            )
            if answer.status_code == httpx.codes.ACCEPTED:
                run.receipts[answer.json()["receipt_id"]] = 1
                return
            await asyncio.sleep(0.5)
