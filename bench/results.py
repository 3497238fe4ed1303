"""What a run of the benchmark measures, as it is written to bench/results/ and into the README."""

from collections.abc import Callable
from statistics import median
from typing import TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


def spread(values: list[float]) -> float:
    """How far the values lie apart: (highest - lowest) / median; 0 for a single one."""
    return (max(values) - min(values)) / median(values) if values else 0.0


class Stage(BaseModel):
    """A rate beside the limit that was measured in the same rounds, alternating with it."""

    name: str
    unit: str = Field(description="What is counted per second")
    limit_name: str
    reach: float = Field(description="The ratio stage / limit to be reached")
    rates: list[float]
    limits: list[float]
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """Stage ÷ limit, round by round."""
        return [rate / limit for rate, limit in zip(self.rates, self.limits, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios)

    @property
    def is_met(self) -> bool:
        """Whether the reach was reached."""
        return self.ratio >= self.reach


class Target(BaseModel):
    """A number with a bound of its own."""

    name: str
    unit: str
    values: list[float]
    wanted: float
    at_least: bool = False
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the values."""
        return median(self.values)

    @property
    def is_met(self) -> bool:
        """Whether the value is within its bound."""
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted


class Breakdown(BaseModel):
    """One number per process or part, such as CPU microseconds per event."""

    title: str
    unit: str
    rows: dict[str, list[float]]
    with_sum: bool = False


class Peer(BaseModel):
    """Another stream processor doing the same job: counting each member's points from the same topic."""

    name: str
    version: str
    rates: list[float] = Field(description="Records per second")
    missing_after_kill: int | None = Field(None, description="Points that three kills -9 lost")
    surplus_after_kill: int | None = Field(None, description="Points that it counted twice")
    note: str = ""


class Machine(BaseModel):
    """Where it was measured."""

    cpu: str
    core_count: int
    memory_gib: float
    kernel: str
    load_before: float = Field(description="The machine's load average before the run")
    versions: dict[str, str]


class Results(BaseModel):
    """Everything that one run measured."""

    date: str
    quick: bool
    machine: Machine
    input: str = ""
    stages: list[Stage] = []
    targets: list[Target] = []
    breakdowns: list[Breakdown] = []
    peers: list[Peer] = []
    failures: dict[str, str] = {}
    again: dict[str, str] = Field({}, description="Parts that were measured again after the run, and when")

    def add(self, one: Stage | Target | Breakdown | Peer) -> None:
        """Add a measurement; one of the same name is replaced, where it stands."""
        if isinstance(one, Stage):
            self.stages = _with(self.stages, one, lambda old: old.name == one.name)
        elif isinstance(one, Target):
            self.targets = _with(self.targets, one, lambda old: old.name == one.name)
        elif isinstance(one, Breakdown):
            self.breakdowns = _with(self.breakdowns, one, lambda old: old.title == one.title)
        else:
            self.peers = _with(self.peers, one, lambda old: old.name == one.name)


def _with(known: list[T], one: T, is_same: Callable[[T], bool]) -> list[T]:
    if not any(map(is_same, known)):
        return [*known, one]
    return [one if is_same(old) else old for old in known]
