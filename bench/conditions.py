"""How near the bounds of conditions are: random ones over the largest event, measured beside their steps.

    .venv/bin/python -m bench.conditions --seconds 60

What the weights in services/scoring/rules/domain/costs.py were fitted with; a ratio of 1 means 20 ns a step.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import cel

from services.scoring.rules.domain.costs import bound_of
from services.scoring.rules.domain.extents import example_event
from shared.conditions.errors import ConditionError
from shared.conditions.parser import parse
from shared.conditions.tree import written

EVENT_TYPE = "survey.response.v1"
STEP_SECONDS = 20e-9
#: What a call takes from Python, whatever it evaluates.
CALL_SECONDS = 1e-6
STEPS_MAX_COUNT = 3_000_000
DEPTH_MAX = 6
TRIES_COUNT = 4
#: What holds other values, and is copied with them.
HELD = ("data", "event", "data.attributes", "data.object", "--data")
SHORT_TEXTS = ("'x'", "'yy'")
SHOWN_COUNT = 10


class Conditions:
    """Random conditions, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)

    def truth(self, depth: int = DEPTH_MAX) -> str:
        """A condition of at most `depth` expressions within one another."""
        pick, text, items, inner = self._rng.choice, self._text, self._list, depth - 1
        if depth <= 0:
            return pick(["true", "false", "has(data.language)"])
        ways: list[Callable[[], str]] = [
            lambda: f"{text(inner)} {pick(['==', '!=', '<'])} {text(inner)}",
            lambda: f"({self.truth(inner)} {pick(['&&', '||'])} {self.truth(inner)})",
            lambda: f"{items(inner)}.{pick(['all', 'exists', 'exists_one'])}(p, {self.truth(inner)})",
            lambda: f"{text(inner)} in {items(inner)}",
            lambda: f"{text(inner)}.{pick(['contains', 'startsWith', 'endsWith'])}({text(inner)})",
            lambda: f'{text(inner)}.matches("{self._pattern()}")',
            lambda: f"data.attributes.all(k, data.attributes[k] != {text(inner)})",
            lambda: f"{items(inner)} == {items(inner)}",
            lambda: f"{pick(HELD)} in [{', '.join(pick(HELD) for _ in range(pick([1, 5, 20])))}]",
            lambda: f"{{'a': {pick(HELD)}}}.a == {pick(HELD)} || {pick(HELD)} + 1 == 1",
            lambda: f"size({text(inner)}) < data.score",
        ]
        return pick(ways)()

    def _text(self, depth: int) -> str:
        pick, inner = self._rng.choice, depth - 1
        plain = [
            "'abc'",
            "data.language",
            "data.object.id",
            "event.source",
            "data.attributes.field_1",
        ]
        ways: list[Callable[[], str]] = [
            lambda: pick(plain),
            lambda: f"({self._text(inner)} + {self._text(inner)})",
            lambda: f"({self.truth(inner)} ? {self._text(inner)} : {self._text(inner)})",
            lambda: f"{self._list(inner)}[0]",
            lambda: f"{{'a': {self._text(inner)}}}.a",
        ]
        return pick(ways if depth > 0 else ways[:1])()

    def _list(self, depth: int) -> str:
        pick, inner = self._rng.choice, depth - 1
        ways: list[Callable[[], str]] = [
            lambda: f"[{', '.join(pick(SHORT_TEXTS) for _ in range(pick([1, 10, 50, 200])))}]",
            lambda: f"[{', '.join(self._text(inner) for _ in range(pick([1, 2, 5])))}]",
            lambda: f"{self._list(inner)}.map(q, {pick(['q', 'q + q'])})",
            lambda: f"{self._list(inner)}.filter(q, {self.truth(inner)})",
            lambda: f"({self._list(inner)} + {self._list(inner)})",
        ]
        return pick(ways if depth > 0 else ways[:1])()

    def _pattern(self) -> str:
        pick = self._rng.choice
        atoms = ["a", "[a-z]", ".", "\\\\d", "(a|b)", "\\\\s", "[^x]", "\\\\w"]
        return "".join(
            pick(atoms) + pick(["", "", "+", "*", "?", "{3}", "{2,9}"]) for _ in range(pick(range(1, 8)))
        )


def measured(program: Any, context: Any) -> float:
    """The seconds of the processor that a program takes, at best."""
    fastest = float("inf")
    for _ in range(TRIES_COUNT):
        started = time.process_time()
        with suppress(Exception):
            program.execute(context)
        fastest = min(fastest, time.process_time() - started)
    return fastest


def main() -> None:
    """Measure for so many seconds, and print how measured and bound compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    event = example_event(EVENT_TYPE, is_largest=True)
    # Four bytes a character: the bound counts characters.
    attributes = {name: "\U0001f600" * len(value) for name, value in event["data"]["attributes"].items()}
    data = dict(event["data"]) | {"attributes": attributes}
    context = cel.Context({"event": event["event"], "data": data})
    conditions = Conditions(arguments.seed)
    found: list[tuple[float, float, int, str]] = []
    deadline = time.monotonic() + arguments.seconds
    while time.monotonic() < deadline:
        condition = conditions.truth()
        try:
            tree = parse(condition)
        except ConditionError:
            continue  # nested more deeply than may be
        bound = bound_of(tree, (EVENT_TYPE,))
        if bound.refusals or bound.steps > STEPS_MAX_COUNT:
            continue
        took = measured(cel.compile(written(tree)), context)
        found.append((took / (bound.steps * STEP_SECONDS + CALL_SECONDS), took, bound.steps, condition))
    found.sort(reverse=True)
    ratios = [ratio for ratio, *_ in found]
    print(f"{len(found)} conditions; measured / bound: median {ratios[len(ratios) // 2]:.2f},", end=" ")
    print(f"99 % {ratios[len(ratios) // 100]:.2f}, largest {ratios[0]:.2f}")
    for ratio, took, steps, condition in found[:SHOWN_COUNT]:
        print(f"{ratio:.2f}: {1e6 * took:.1f} µs, {steps} steps: {condition[:200]}")


if __name__ == "__main__":
    main()
