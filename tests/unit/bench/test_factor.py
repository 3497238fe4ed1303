"""The machine's factor: its arithmetic, what it does to targets, and where it is written."""

import math
from typing import Any

import pytest

from bench import factor, report
from bench.factor import REFERENCE, SHARES, Speed
from bench.results import Breakdown, Machine, Peer, Results, Stage, Target


def speed(compute: float = 1.0, allocate: float = 1.0, sync: float = 1.0) -> Speed:
    """So many times as fast as the reference machine."""
    return Speed(
        compute=REFERENCE.compute * compute,
        allocate=REFERENCE.allocate * allocate,
        sync=REFERENCE.sync * sync,
    )


def results(value: float | None = None) -> Results:
    machine = Machine(cpu="CPU", core_count=2, memory_gib=4, kernel="Linux", load_before=0, versions={})
    made = Results(date="2026-11-26", quick=True, machine=machine)
    if value is not None:
        made.measured_at(value)
    return made


def test_the_reference_machine_has_the_factor_one() -> None:
    assert REFERENCE.factor == pytest.approx(1.0)
    assert math.isclose(sum(SHARES.values()), 1.0)
    assert SHARES.keys() == Speed.model_fields.keys()


@pytest.mark.parametrize(
    ("here", "wanted"),
    [
        (speed(2, 2, 2), 2.0),
        (speed(1 / 3, 1 / 3, 1 / 3), 1 / 3),
        # A second's tenth that waits for the disk takes a second: 1.9 in all.
        (speed(sync=0.1), 1 / 1.9),
        (speed(compute=2), 1 / (0.3 + 0.3 + 0.1)),
        (speed(allocate=0.5), 1 / (0.6 + 0.6 + 0.1)),
    ],
)
def test_each_kind_of_work_takes_its_share_of_the_time(here: Speed, wanted: float) -> None:
    assert here.factor == pytest.approx(wanted)


def test_a_machine_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factor, "LOOP_SECONDS", 0.001)
    assert factor.measure().factor > 0


@pytest.mark.parametrize(
    ("scales", "at_least", "met", "missed"),
    [("time", False, 99.0, 101.0), ("rate", True, 26.0, 24.0), ("no", False, 49.0, 51.0)],
)
def test_half_as_fast_a_machine_has_twice_the_time_and_half_the_rate(
    scales: Any, at_least: bool, met: float, missed: float
) -> None:
    for value, is_met in ((met, True), (missed, False)):
        made = results(0.5)
        made.add(Target(name="n", unit="u", values=[value], wanted=50, at_least=at_least, scales=scales))
        assert made.targets[0].is_met is is_met


def test_without_a_factor_the_bound_is_that_of_the_reference_machine() -> None:
    target = Target(name="n", unit="ms", values=[49.0], wanted=50, scales="time")
    assert (target.factor, target.bound) == (None, 50)


def everything(made: Results) -> Results:
    made.add(Stage(name="a stage", unit="events", limit_name="a limit", reach=0.5, rates=[100.0], limits=[200.0]))
    made.add(Target(name="a rate", unit="events/s", values=[1.0], wanted=10, at_least=True, scales="rate"))
    made.add(Target(name="a memory", unit="MB", values=[1.0], wanted=10))
    made.add(Breakdown(title="a breakdown", unit="µs", rows={"part": [1.0]}, with_sum=True))
    made.add(Peer(name="a peer", version="1", rates=[1.0]))
    return made


def test_every_number_has_the_factor_beside_it() -> None:
    written = report.markdown(everything(results(0.52)))

    for name in ("a stage", "a rate", "a memory", "part", "together", "a peer 1"):
        (line,) = (one for one in written.splitlines() if one.startswith(f"| {name} |"))
        assert "| 0.52 |" in line, line
    assert "≥ 10 × 0.52 = 5.2 events/s" in written
    assert "≤ 10 MB |" in written


def test_what_is_measured_again_has_the_factor_of_then() -> None:
    made = everything(results(0.52))
    made.measured_at(0.75)
    made.add(Target(name="a memory", unit="MB", values=[2.0], wanted=10))

    read = Results.model_validate_json(made.model_dump_json())

    assert [target.factor for target in read.targets] == [0.52, 0.75]
    assert read.factor is None


def test_results_of_before_there_was_a_factor_show_none() -> None:
    written = report.markdown(everything(results()))
    assert written.count("| - |") == 6
    assert "≥ 10 events/s" in written
