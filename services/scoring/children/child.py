"""A child process: answers requests by one function until its parent closes the pipe.

It imports next to nothing, so that another one is there soon. A frame is its length in four bytes and JSON; an
answer is any number of frames and an empty one.
"""

import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, BinaryIO

import orjson

#: The evaluator's package imports its command line, with all that draws on a terminal: six sevenths of the time.
LEFT_OUT = "cel.cli"
LENGTH = struct.Struct(">I")

#: Sets how many seconds of the processor may pass from now on before the kernel ends the process; 0: any number.
Limit = Callable[[float], None]
Answer = Callable[[Any, Limit], Iterator[Any]]


def limit_processor(seconds: float) -> None:
    """Have the kernel end this process once it has used so many more seconds of the processor.

    The evaluator holds Python's lock throughout: no handler in Python could run, so the signal has none.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def serve(answer: Answer, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request, until there are no more."""
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        request = orjson.loads(requests.read(LENGTH.unpack(head)[0]))
        for part in answer(request, limit_processor):
            encoded = orjson.dumps(part)
            answers.write(LENGTH.pack(len(encoded)) + encoded)
            answers.flush()
        limit_processor(0)
        answers.write(LENGTH.pack(0))
        answers.flush()


def main() -> None:
    """The command of a child: `child.py MODULE FUNCTION MEMORY_BYTES`, requests on standard input."""
    module, function, memory = sys.argv[1:]
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # What is lost here is a condition; the machine's other processes must not be.
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.modules[LEFT_OUT] = ModuleType(LEFT_OUT)
    answer: Answer = getattr(import_module(module), function)
    serve(answer, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
