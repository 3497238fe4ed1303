"""Free TCP ports on 127.0.0.1: the usual ones where possible, remembered ones before them, all taken at once."""

import contextlib
import fcntl
import json
import random
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from plaudit.stack.errors import StackError

HOST = "127.0.0.1"
USUAL = {
    "kafka": 9092,
    "controller": 9093,
    "postgres": 5432,
    "ingest": 8101,
    "scoring": 8102,
    "recognition": 8103,
    "rewards": 8104,
    "analytics": 8105,
    "console": 8100,
    "gateway": 8106,
    "console-metrics": 8108,
    "gateway-metrics": 8107,
    "kafka-metrics": 9404,
    "sandbox": 8190,
}
#: Parts that listen at more than the port of their own name.
_BESIDE = {
    "kafka": ("controller", "kafka-metrics"),
    "console": ("console-metrics",),
    "gateway": ("gateway-metrics",),
}
# Below the ephemeral range of Linux (32768 and up), so that no outgoing connection sits on a remembered port.
SPARE = range(20_000, 30_000)
CLAIM_SECONDS = 60.0
MAX_ATTEMPTS_COUNT = 200


class Held:
    """Ports that are bound, so that no other program can take them, until they are let go.

    They are bound together, and nobody listens on them: whoever they are for can only after `close`.
    """

    def __init__(self) -> None:
        self._sockets = contextlib.ExitStack()

    def take(self, port: int) -> bool:
        """Bind `port` of 127.0.0.1; False when another program has it."""
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # With it a port can be bound whose last connections are still being forgotten, and without it afterwards
        # nobody else's server can share the port.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((HOST, port))
        except OSError:
            holder.close()
            return False
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        self._sockets.enter_context(holder)
        return True

    def close(self) -> None:
        """Let go of all of them."""
        self._sockets.close()


def of_parts(chosen: Mapping[str, int], parts: Iterable[str]) -> dict[str, int]:
    """All ports of some parts, by their names, of those that were chosen."""
    names = {name for part in parts for name in (part, *_BESIDE.get(part, ()))}
    return {name: port for name, port in chosen.items() if name in names}


def metrics_port(chosen: Mapping[str, int], part: str) -> int:
    """Where a part has its metrics, of those whose address the public may reach."""
    return chosen[f"{part}-metrics"]


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with contextlib.closing(Held()) as held:
        return held.take(port)


def choose(remembered: Mapping[str, int], usable: Callable[[int], bool]) -> dict[str, int]:
    """A port for each name of USUAL: the remembered one, else the usual one, else a spare one that is `usable`.

    Raises StackError when no spare port can be found.
    """
    chosen: dict[str, int] = {}
    for name, usual in USUAL.items():
        preferred = (remembered.get(name, usual), usual)
        spare = (random.choice(SPARE) for _ in range(MAX_ATTEMPTS_COUNT))
        for port in (*preferred, *spare):
            if port not in chosen.values() and usable(port):
                chosen[name] = port
                break
        else:
            raise StackError(f"No free port for {name} between {SPARE.start} and {SPARE.stop}: stop some servers.")
    return chosen


@contextmanager
def claimed(registry: Path, owner: str, held: Held | None = None) -> Iterator[Callable[[int], bool]]:
    """Gives `usable(port)`, and keeps what it answered yes to from other stacks of this user for CLAIM_SECONDS.

    Each of those is taken into `held` too, from every other program; without it, for as long as the block lasts.
    A port chosen by a stack that is just starting is not yet listened on, so a second stack would choose it too.
    `registry` is a file shared by the user's stacks, `owner` the directory of this one.
    """
    registry.parent.mkdir(parents=True, exist_ok=True)
    for_the_block = Held()
    with contextlib.closing(for_the_block), registry.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        try:
            known = json.loads(file.read() or "{}")
        except ValueError:
            known = {}
        now = time.time()
        claims = {
            int(port): (holder, since)
            for port, (holder, since) in known.items()
            if 0 <= now - since < CLAIM_SECONDS and holder != owner
        }
        others = set(claims)

        def usable(port: int) -> bool:
            if port in others or not (held or for_the_block).take(port):
                return False
            claims[port] = (owner, now)
            return True

        yield usable
        file.seek(0)
        file.truncate()
        file.write(json.dumps(claims))
