"""Free TCP ports on 127.0.0.1: the usual ones where possible, remembered ones before them."""

import fcntl
import json
import random
import socket
import time
from collections.abc import Callable, Iterator, Mapping
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
}
# Below the ephemeral range of Linux (32768 and up), so that no outgoing connection sits on a remembered port.
SPARE = range(20_000, 30_000)
CLAIM_SECONDS = 60.0
MAX_ATTEMPTS_COUNT = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


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
def claimed(registry: Path, owner: str) -> Iterator[Callable[[int], bool]]:
    """Gives `usable(port)`, and keeps what it answered yes to from other stacks of this user for CLAIM_SECONDS.

    A port chosen by a stack that is just starting is not yet bound, so a second stack would choose it too.
    `registry` is a file shared by the user's stacks, `owner` the directory of this one.
    """
    registry.parent.mkdir(parents=True, exist_ok=True)
    with registry.open("a+") as file:
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
            if port in others or not is_free(port):
                return False
            claims[port] = (owner, now)
            return True

        yield usable
        file.seek(0)
        file.truncate()
        file.write(json.dumps(claims))
