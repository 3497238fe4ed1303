"""A service's process whose clock is false: `python -m tests.integration.services.false_clock SERVICE FILE`.

The file says by how many seconds it is ahead; it is read each time, so that it may jump while the process runs.
What the project's own modules ask is false, and what libraries measure pauses by is not.
"""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FILE = Path(sys.argv[2])
TRUE_TIME = time.time


def ahead_seconds() -> float:
    return float(FILE.read_text() or 0)


class _AsDatetime(type):
    """All that `datetime` does, with datetimes that are true ones, but for what it says of now."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, datetime)

    def __getattr__(cls, name: str) -> Any:
        return getattr(datetime, name)

    def __call__(cls, *args: Any, **more: Any) -> datetime:
        return datetime(*args, **more)  # noqa: DTZ001 -- with the zone that was given


class FalseDatetime(metaclass=_AsDatetime):
    @staticmethod
    def now(tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(seconds=ahead_seconds())


def falsify() -> None:
    """Have each module of the project that is loaded ask the false clock."""
    false_time = SimpleNamespace(**{**vars(time), "time": lambda: TRUE_TIME() + ahead_seconds()})
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("services", "shared"):
            if getattr(module, "datetime", None) is datetime:
                module.__dict__["datetime"] = FalseDatetime
            if getattr(module, "time", None) is time:
                module.__dict__["time"] = false_time


if __name__ == "__main__":
    wired = import_module(f"services.{sys.argv[1]}.main")
    falsify()
    wired.run(wired.SPEC, [])
