"""Starts one of our processes sooner: `python -m shared.starting services.scoring.main --role api`.

It does what `python -m services.scoring.main --role api` does, with less of the processor until it is ready.
"""

import gc
import runpy
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from pydantic import BaseModel

#: Nothing that is imported is ever garbage, and the collector would walk all of it again and again.
NEVER = 0
GC_THRESHOLD_COUNT = 50_000
#: What packages import beside what is used of them here, and what they find instead.
LEFT_OUT: Mapping[str, Mapping[str, Any]] = {
    # The evaluator of conditions and the HTTP client import their command lines, and what draws on a terminal.
    "cel.cli": {},
    "httpx._main": {"main": lambda: None},
    # Faust has an HTTP client, which is made when it is first asked for, and looks for decorated functions in
    # modules: to say where one stands it goes through the files of all modules there are.
    "aiohttp": {},
    "aiohttp.client": {"ClientSession": object},
    "venusian": {"Scanner": object, "attach": lambda *_, **__: None},
}


def main() -> None:
    """The command: a module that has a `main` of its own, and its arguments."""
    gc.set_threshold(NEVER)
    leave_out()
    build_when_used()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def leave_out() -> None:
    """Have packages find those parts imported already that nobody here calls."""
    for name, attributes in LEFT_OUT.items():
        module = ModuleType(name)
        vars(module).update(attributes)
        sys.modules[name] = module


def build_when_used() -> None:
    """Have each of pydantic's models built when it is first used: most of a service's are never used by a process.

    An eighth of a service's import: 0.1 of 0.85 s. Tests import without it and build all: they find what is wrong.
    """
    BaseModel.model_config["defer_build"] = True


def what_is_loaded_stays() -> None:
    """Call once all is imported: the collector walks none of it, nor often what comes and goes by the thousand.

    What importing left behind is little, and stays with the rest: to look for it takes as long as a tenth of it.
    """
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD_COUNT)


if __name__ == "__main__":
    main()
