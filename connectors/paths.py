"""Values along fields and keys; null where a step is missing. Each depth has its own closure: most are short."""

from collections.abc import Sequence
from typing import Any

from connectors.env import Env, Run


def along(steps: Sequence[str | int], held: Run, variable: str | None) -> Run:
    """What lies along `steps` from what is `held`, or from a `variable` itself."""
    if len(steps) == 1:
        return _field(steps[0], held, variable)
    if len(steps) == 2:
        return _field_of_field(steps[0], steps[1], held, variable)

    def path(env: Env) -> Any:
        found = held(env)
        try:
            for step in steps:
                found = found[step]
        except (KeyError, TypeError, IndexError):
            return None
        return found

    return path


def _field(one: str | int, held: Run, variable: str | None) -> Run:
    name = str(variable)

    def field(env: Env) -> Any:
        try:
            return held(env)[one]
        except (KeyError, TypeError, IndexError):
            return None

    def field_of_variable(env: Env) -> Any:
        try:
            return env[name][one]
        except (KeyError, TypeError, IndexError):
            return None

    return field if variable is None else field_of_variable


def _field_of_field(one: str | int, two: str | int, held: Run, variable: str | None) -> Run:
    name = str(variable)

    def field(env: Env) -> Any:
        try:
            return held(env)[one][two]
        except (KeyError, TypeError, IndexError):
            return None

    def field_of_variable(env: Env) -> Any:
        try:
            return env[name][one][two]
        except (KeyError, TypeError, IndexError):
            return None

    return field if variable is None else field_of_variable


def indexed(held: Run, index: Run) -> Run:
    """What lies at a key or place that is worked out."""

    def at_index(env: Env) -> Any:
        try:
            return held(env)[index(env)]
        except (KeyError, TypeError, IndexError):
            return None

    return at_index
