"""A child process: answers requests by one function until its parent closes the pipe.

It imports next to nothing, so that another one is there soon.
"""

import resource
import signal
import sys
from typing import BinaryIO

import orjson

from services.scoring.children.domain import LENGTH, Answer
from shared.starting import leave_out


def limit_processor(seconds: float) -> None:
    """Have the kernel end this process once it has used so many more seconds of the processor.

    The evaluator holds Python's lock throughout: no handler in Python could run, so the signal has none.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)


def serve(answer: Answer, requests: BinaryIO, answers: BinaryIO) -> None:
    """Say with an empty frame that all is there; then answer each request, until there are no more."""
    answers.write(LENGTH.pack(0))
    answers.flush()
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        request = orjson.loads(requests.read(LENGTH.unpack(head)[0]))
        for part in answer(request, limit_processor):
            encoded = orjson.dumps(part)
            answers.write(LENGTH.pack(len(encoded)) + encoded)
            answers.flush()
        limit_processor(0)
        answers.write(LENGTH.pack(0))
        answers.flush()


def answer_of(task: str) -> Answer:
    """What answers the requests of a task. The other tasks' modules are not imported: that would take longer."""
    match task:
        case "check":
            from services.scoring.programmes.handlers.checker import check  # noqa: PLC0415

            return check
        case "evaluate":
            from services.scoring.rules.handlers.evaluator import evaluate  # noqa: PLC0415

            return evaluate
    raise ValueError(f"there is no task {task}")


def main() -> None:
    """The command of a child: `child.py TASK MEMORY_BYTES`, requests on standard input."""
    task, memory = sys.argv[1:]
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # What is lost here is a condition; the machine's other processes must not be.
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Six sevenths of the time that it would take.
    leave_out()
    serve(answer_of(task), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
