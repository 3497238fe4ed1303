"""Values along fields and keys; null where a step is missing.

Most of what is asked for is not there, and raising an exception for it takes several times as long as asking:
objects are asked with `get`, and only what is no object any other way. Each short path has a closure of its own.
"""

from collections.abc import Sequence
from typing import Any

from connectors.env import UNSET, Env, Run


def at(held: Any, step: Any) -> Any:
    """What something has at a key or place; None where it has none."""
    if held is None or (type(held) is str and type(step) is str):
        return None
    try:
        return held[step]
    except (KeyError, TypeError, IndexError):
        return None


def along(steps: Sequence[str | int], held: Run, variable: str | None) -> Run:
    """What lies along `steps` from what is `held`, or from a `variable` itself."""
    if len(steps) == 1 and variable is None:
        return _field(steps[0], held)
    if len(steps) == 1:
        return _field_of_variable(steps[0], str(variable))
    if len(steps) == 2 and variable is not None:
        return _field_of_field(steps[0], steps[1], variable)
    if len(steps) == 3 and variable is not None:
        return _field_of_field_of_field(steps[0], steps[1], steps[2], variable)

    def path(env: Env) -> Any:
        found = held(env)
        for step in steps:
            found = found.get(step) if type(found) is dict else at(found, step)
            if found is None:
                return None
        return found

    return path


def _field(one: str | int, held: Run) -> Run:
    def field(env: Env) -> Any:
        found = held(env)
        return found.get(one) if type(found) is dict else at(found, one)

    return field


def _field_of_variable(one: str | int, name: str) -> Run:
    def field_of_variable(env: Env) -> Any:
        found = env[name]
        return found.get(one) if type(found) is dict else at(found, one)

    return field_of_variable


def _field_of_field(one: str | int, two: str | int, name: str) -> Run:
    def field_of_field(env: Env) -> Any:
        found = env[name]
        found = found.get(one) if type(found) is dict else at(found, one)
        return found.get(two) if type(found) is dict else at(found, two)

    return field_of_field


def _field_of_field_of_field(one: str | int, two: str | int, three: str | int, name: str) -> Run:
    def field_of_field_of_field(env: Env) -> Any:
        found = env[name]
        found = found.get(one) if type(found) is dict else at(found, one)
        found = found.get(two) if type(found) is dict else at(found, two)
        return found.get(three) if type(found) is dict else at(found, three)

    return field_of_field_of_field


def field_of_named(step: str | int, key: str, run: Run) -> Run:
    """A field of a named value, which is worked out when it is first asked for and kept at `key`."""

    def field_of_value(env: Env) -> Any:
        found = env.get(key, UNSET)
        if found is UNSET:
            found = env[key] = run(env)
        return found.get(step) if type(found) is dict else at(found, step)

    return field_of_value


def indexed(held: Run, index: Run) -> Run:
    """What lies at a key or place that is worked out."""
    return lambda env: at(held(env), index(env))
