"""The services' processes, started as a stack starts them, and treated as no stack would."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

import httpx

from plaudit.stack import StackState, services
from plaudit.stack.ports import HOST

RESTART_SECONDS = 0.2
READY_SECONDS = 180.0
POLL_SECONDS = 0.02
STOP_SECONDS = 25.0


@dataclass
class Worker:
    """One process of a service; it is started again whenever it ends, unless it is to stay down."""

    service: str
    name: str
    port: int
    environment: dict[str, str]
    log: IO[bytes]
    process: subprocess.Popen[bytes] | None = None
    stays_down: bool = False
    exits: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Base URL of its API."""
        return f"http://{HOST}:{self.port}"

    def send(self, number: signal.Signals) -> None:
        """Signal the process if it lives."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        self.send(signal.SIGKILL)

    def written(self) -> str:
        """What it has logged, in all its lives."""
        with open(self.log.name, "rb") as file:  # noqa: PTH123 -- the name of an open file
            return file.read().decode(errors="replace")


class Workers:
    """Every service's process, watched over; more of them on demand."""

    def __init__(self, state: StackState, environment: Mapping[str, str]) -> None:
        self._state = state
        self._environment = dict(environment)
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self.all: dict[str, Worker] = {}

    def __getitem__(self, name: str) -> Worker:
        return self.all[name]

    def start(self, service: str, *, name: str = "", port: int = 0, **settings: str) -> Worker:
        """Start a process; `settings` are environment variables without their prefix, in small letters."""
        name = name or service
        spec = services.spec(self._state, service)
        port = port or spec.port
        environment = dict(spec.environment) | self._environment | {"PLAUDIT_HTTP_PORT": str(port)}
        environment |= {f"PLAUDIT_{key.upper()}": value for key, value in settings.items()}
        log = self._state.directory / "logs" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        worker = Worker(service, name, port, environment, log.open("ab"))
        self.all[name] = worker
        self._keepers[name] = asyncio.create_task(self._keep(worker))
        return worker

    async def _keep(self, worker: Worker) -> None:
        spec = services.spec(self._state, worker.service)
        spec.directory.mkdir(parents=True, exist_ok=True)
        while not worker.stays_down:
            worker.process = subprocess.Popen(
                spec.argv,
                env=worker.environment,
                cwd=spec.directory,
                stdin=subprocess.DEVNULL,
                stdout=worker.log,
                stderr=worker.log,
                start_new_session=True,
            )
            while (code := worker.process.poll()) is None:
                await asyncio.sleep(POLL_SECONDS)
            worker.exits.append(code)
            if not worker.stays_down:
                await asyncio.sleep(RESTART_SECONDS)

    async def ready(self, *names: str, seconds: float = READY_SECONDS) -> None:
        """Return once these, or all, say that they are."""
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
            async with asyncio.timeout(seconds):
                for name in names or tuple(self.all):
                    while not await self._is_ready(http, self.all[name]):
                        await asyncio.sleep(POLL_SECONDS)

    async def _is_ready(self, http: httpx.AsyncClient, worker: Worker) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return (await http.get(f"{worker.url}/readyz")).status_code == httpx.codes.OK
        return False

    async def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> int:
        """End a process for good; its exit code."""
        worker = self.all[name]
        worker.stays_down = True
        worker.send(signal.SIGCONT)
        worker.send(number)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.shield(self._keepers[name])
        except TimeoutError:
            worker.kill()
            await self._keepers[name]
        worker.log.close()
        del self.all[name], self._keepers[name]
        return worker.exits[-1]

    async def stop_all(self) -> None:
        """End every process, all at once."""
        await asyncio.gather(*(self.stop(name) for name in list(self.all)))

    async def restart(self, name: str, **settings: str) -> Worker:
        """End a process and start it with other settings."""
        worker = self.all[name]
        await self.stop(name)
        return self.start(worker.service, name=name, port=worker.port, **settings)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def pid_of(state: StackState, part: str) -> int:
    """The process id of Kafka or PostgreSQL."""
    return state.pids[part]


def kill(pid: int) -> None:
    """kill -9 of any process."""
    os.kill(pid, signal.SIGKILL)
