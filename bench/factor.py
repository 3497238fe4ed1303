"""How fast this machine is, as a factor of the reference machine: 1.0 is as fast, 0.33 takes three times as long.

The machines that Plaudit is measured on differ by a factor of three, and one machine by a quarter within minutes:
an absolute number says something only with the factor beside it. A loop of a few seconds measures three things in
turns: computing, allocating, and waiting for the disk. The factor is what a second of such work, mixed, takes on
the reference machine, divided by what it takes here.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from statistics import median

from pydantic import BaseModel, Field

from plaudit.stack.paths import home

ROUND_COUNT = 5
LOOP_SECONDS = 0.25
BLOCK = b"\0" * 8_192
#: What a second of the work is made of. A transaction with its relay's takes 4 ms of CPU and two commits of 0.2 ms
#: (docs/adr/0007): a tenth is the disk's. The rest is divided by judgement; its two parts mostly move together.
SHARES = {"compute": 0.6, "allocate": 0.3, "sync": 0.1}


class Speed(BaseModel):
    """Loops a second of each kind, on one core."""

    compute: float = Field(description="SHA-256 of 8 KiB and 500 steps of integer arithmetic", gt=0)
    allocate: float = Field(description="200 dictionaries with a text and a list, made and dropped", gt=0)
    sync: float = Field(description="8 KiB written and synchronised to the disk of the stacks", gt=0)

    @property
    def factor(self) -> float:
        """How fast that is, as a multiple of REFERENCE."""
        return 1 / sum(share * there / here for _, share, here, there in self.beside_reference())

    def beside_reference(self) -> list[tuple[str, float, float, float]]:
        """What is looped, its share, and the loops a second here and on the reference machine."""
        return [
            (str(field.description), SHARES[name], float(getattr(self, name)), float(getattr(REFERENCE, name)))
            for name, field in Speed.model_fields.items()
        ]


#: Factor 1.0: a virtual machine with two cores of an AMD EPYC, Python 3.11, a local disk, and nothing else to do.
REFERENCE = Speed(compute=50_000, allocate=32_000, sync=5_000)


def measure() -> Speed:
    """Run the loop, for about four seconds: the median of its rounds."""
    directory = next(one for one in (home(), *home().parents) if one.is_dir() and os.access(one, os.W_OK))
    compute, allocate, sync = [], [], []
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
        for _ in range(ROUND_COUNT):
            compute.append(_rate(_compute))
            allocate.append(_rate(_allocate))
            sync.append(_rate(lambda: _sync(file.fileno())))
    return Speed(compute=median(compute), allocate=median(allocate), sync=median(sync))


def _rate(step: Callable[[], object]) -> float:
    """How often a second the step can be done."""
    count = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < LOOP_SECONDS:
        step()
        count += 1
    return count / elapsed


def _compute() -> int:
    total = hashlib.sha256(BLOCK).digest()[0]
    for number in range(500):
        total = (total * 31 + number) % 1_000_003
    return total


def _allocate() -> list[dict[str, object]]:
    return [{"id": number, "name": f"member {number}", "tags": [number, number + 1]} for number in range(200)]


def _sync(file: int) -> None:
    os.write(file, BLOCK)
    getattr(os, "fdatasync", os.fsync)(file)
