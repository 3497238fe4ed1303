"""Rounds in which a stage and its limit take turns, so that whatever slows the machine slows both."""

from collections.abc import Awaitable, Callable

from bench.context import Context
from bench.results import Stage
from shared.starting import what_is_loaded_stays

Rate = Callable[[], Awaitable[float]]


async def compare(
    context: Context,
    *,
    name: str,
    unit: str,
    rate: Rate,
    limit_name: str,
    limit: Rate,
    reach: float,
    note: str = "",
) -> Stage:
    """Measure `rate` and `limit` (each returns units per second) in turns and add the result to the run's."""
    rates: list[float] = []
    limits: list[float] = []
    await rate()  # warm up
    for number in range(context.round_count):
        # The order alternates too, because the first of two finds the caches as the other left them.
        for which in ("rate", "limit") if number % 2 == 0 else ("limit", "rate"):
            (rates if which == "rate" else limits).append(await (rate if which == "rate" else limit)())
    stage = Stage(name=name, unit=unit, rates=rates, limit_name=limit_name, limits=limits, reach=reach, note=note)
    context.results.add(stage)
    context.say(f"{name}: {stage.ratio:.2f} of its limit (reach {reach:.2f})")
    return stage


def like_a_service() -> None:
    """Set this process's garbage collector as a service sets its own."""
    what_is_loaded_stays()
