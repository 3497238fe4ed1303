"""What a run of the benchmark measures, as it is written to bench/results/ and into the README."""

from collections.abc import Callable
from statistics import median
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, PrivateAttr

from bench.factor import Speed

T = TypeVar("T")


def spread(values: list[float]) -> float:
    """How far the values lie apart: (highest - lowest) / median; 0 for a single one."""
    return (max(values) - min(values)) / median(values) if values else 0.0


class Measured(BaseModel):
    """What holds of every number: how fast the machine was when it was measured."""

    factor: float | None = Field(None, description="See bench/factor.py; None when it was not measured")


class Stage(Measured):
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


class Target(Measured):
    """A number with a bound of its own."""

    name: str
    unit: str
    values: list[float]
    wanted: float = Field(description="The bound on the reference machine")
    at_least: bool = False
    scales: Literal["time", "rate", "no"] = Field("no", description="How the bound follows the machine's factor")
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the values."""
        return median(self.values)

    @property
    def bound(self) -> float:
        """What is wanted of a machine of this factor: a time divided by it, a rate multiplied with it."""
        if self.factor is None or self.scales == "no":
            return self.wanted
        return self.wanted * self.factor if self.scales == "rate" else self.wanted / self.factor

    @property
    def is_met(self) -> bool:
        """Whether the value is within its bound."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


class Breakdown(Measured):
    """One number per process or part, such as CPU microseconds per event."""

    title: str
    unit: str
    rows: dict[str, list[float]]
    with_sum: bool = False


class Peer(Measured):
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
    speed: Speed | None = Field(None, description="How fast it was before the run; None before that was measured")
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
    #: The machine's factor now, which goes beside what is added from here on.
    _factor: float | None = PrivateAttr(None)

    @property
    def factor(self) -> float | None:
        """How fast the machine is now; None when that was not measured."""
        return self._factor

    def measured_at(self, factor: float) -> None:
        """Say how fast the machine is now: each part of a run begins with that."""
        self._factor = factor

    def add(self, one: Stage | Target | Breakdown | Peer) -> None:
        """Add a measurement, with the factor of now; one of the same name is replaced, where it stands."""
        one.factor = self._factor
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
