"""Calls of functions, as closures by how many values they take; key(), which most ids are made with, apart."""

from collections.abc import Sequence
from typing import Any

from connectors.env import Env, Run, spend
from connectors.functions import Function
from connectors.texts import as_key, text_of


def first_of(runs: Sequence[Run]) -> Run:
    """The first value that is neither null nor empty text."""

    def first(env: Env) -> Any:
        for run in runs:
            value = run(env)
            if value is not None and value != "":
                return value
        return None

    return first


def keyed(beginning: str, runs: Sequence[Run]) -> Run:
    """key() with a constant at its beginning."""
    if len(runs) == 1:
        [only] = runs

        def key_of_one(env: Env) -> str | None:
            value = only(env)
            if value is None or value == "":
                return None
            return as_key((beginning, value if type(value) is str else text_of(value)))

        return key_of_one

    def key_of_many(env: Env) -> str | None:
        texts = [beginning]
        is_whole = True
        for run in runs:
            value = run(env)
            if value is None:
                is_whole = False
                continue
            texts.append(value if type(value) is str else text_of(value))
        return as_key(texts) if is_whole and "" not in texts else None

    return key_of_many


def called(function: Function, runs: Sequence[Run]) -> Run:
    """A function with what each of `runs` gives; null is given on to it only if it takes null."""
    call, takes_null = function.call, function.takes_null
    goes_through = function.goes_through
    if goes_through is not None and len(runs) == 1 and not takes_null:
        [alone] = runs

        def gone_through_one(env: Env) -> Any:
            value = alone(env)
            if value is None:
                return None
            spend(env, goes_through((value,)))
            return call(value)

        return gone_through_one
    if goes_through is not None:

        def gone_through(env: Env) -> Any:
            values = [run(env) for run in runs]
            if not takes_null and None in values:
                return None
            spend(env, goes_through(values))
            return call(*values)

        return gone_through
    if len(runs) == 1 and not takes_null:
        [only] = runs

        def called_with_one(env: Env) -> Any:
            value = only(env)
            return None if value is None else call(value)

        return called_with_one
    if len(runs) == 2 and not takes_null:
        first, second = runs

        def called_with_two(env: Env) -> Any:
            one, two = first(env), second(env)
            return None if one is None or two is None else call(one, two)

        return called_with_two

    def called_with_many(env: Env) -> Any:
        values = [run(env) for run in runs]
        return None if not takes_null and None in values else call(*values)

    return called_with_many
