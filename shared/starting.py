"""Starts one of our processes sooner: `python -m shared.starting services.scoring.main --role api`.

It does what `python -m services.scoring.main --role api` does, with less of the processor until it is ready.
"""

import gc
import runpy
import sys
from types import ModuleType

#: Nothing that is imported is ever garbage, and the collector would walk all of it again and again.
NEVER = 0
GC_THRESHOLD_COUNT = 50_000
#: The evaluator of conditions imports its command line, with all that draws on a terminal.
LEFT_OUT = "cel.cli"


def main() -> None:
    """The command: a module that has a `main` of its own, and its arguments."""
    gc.set_threshold(NEVER)
    leave_out_the_command_line()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def leave_out_the_command_line() -> None:
    """Have the evaluator's package find its command line imported already; nobody here calls it."""
    sys.modules[LEFT_OUT] = ModuleType(LEFT_OUT)


def what_is_loaded_stays() -> None:
    """Call once all is imported: the collector walks none of it, nor often what comes and goes by the thousand."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD_COUNT)


if __name__ == "__main__":
    main()
