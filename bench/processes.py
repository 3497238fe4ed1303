"""CPU time and memory of the processes of a stack, PostgreSQL with all its backends."""

from dataclasses import dataclass

import psutil

from plaudit.stack import StackState

PARTS = ("kafka", "postgres", "ingest", "scoring", "recognition", "rewards", "analytics")


@dataclass(frozen=True)
class CpuSeconds:
    """CPU seconds that each part has used since it was started."""

    parts: dict[str, float]

    def since(self, before: "CpuSeconds") -> dict[str, float]:
        """CPU seconds of each part between two readings."""
        return {name: self.parts[name] - before.parts.get(name, 0.0) for name in self.parts}


def cpu_seconds(state: StackState) -> CpuSeconds:
    """The CPU time of each running part. Of PostgreSQL, that of ended backends is in its children's time."""
    used = {}
    for name, pid in state.pids.items():
        if name in PARTS:
            process = psutil.Process(pid)
            times = process.cpu_times()
            used[name] = times.user + times.system
            if name == "postgres":
                used[name] += times.children_user + times.children_system
                used[name] += sum(_own_seconds(child) for child in process.children())
    return CpuSeconds(used)


def _own_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def resident_mb(state: StackState) -> dict[str, float]:
    """Resident megabytes (10^6 bytes) of each running service, and of Kafka."""
    return {
        name: psutil.Process(pid).memory_info().rss / 1e6
        for name, pid in state.pids.items()
        if name in PARTS and name != "postgres"
    }
