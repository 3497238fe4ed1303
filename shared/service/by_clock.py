"""The spans of work that a clock begins: a trace for each pass of a timer or errand that does something.

Such a pass tells a fact, goes on for a further transaction, or fails; one that only looked is not spoken of. Facts
that follow from nothing else carry its trace on. It is linked to the traces of all others that it told.
"""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self

from shared import spans
from shared.service.spec import Begin
from shared.telemetry import new_traceparent
from shared.traces import Span, SpanKind
from shared.transaction import Transaction

#: Traces that one pass is linked to, at most; it says how many facts it told.
LINKS_MAX_COUNT: Final = 32


class ByClock:
    """A pass of `what`, such as "timer watch-goals": around it, and given each of its transactions."""

    def __init__(self, service: str, what: str) -> None:
        self._service = service
        self._what = what
        traceparent = new_traceparent() if spans.are_told() else None
        self._traceparent = traceparent if traceparent is not None and spans.is_told(traceparent) else None
        self._began_ns = time.time_ns()
        self._links: dict[str, None] = {}
        self._told_count = 0
        self._transactions_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed = kind is not None
        if self._traceparent is None or not (failed or self._told_count or self._transactions_count > 1):
            return
        spans.tell(
            Span(
                self._service,
                self._what,
                SpanKind.INTERNAL,
                self._traceparent,
                None,
                self._began_ns,
                time.time_ns(),
                {"plaudit.transactions": self._transactions_count, "plaudit.facts": self._told_count},
                failed=failed,
                links=tuple(self._links),
            )
        )

    @asynccontextmanager
    async def transaction(self, begin: Begin) -> AsyncIterator[Transaction[Any]]:
        """A transaction of the pass."""
        self._transactions_count += 1
        async with begin() as tx:
            if self._traceparent is not None:
                tx.begun_by(self._traceparent)
            yield tx
        # What was rolled back has told nothing.
        self._told_count += tx.told_count
        for followed in tx.followed:
            if len(self._links) < LINKS_MAX_COUNT:
                self._links.setdefault(followed)

    def within(self, begin: Begin) -> Begin:
        """What opens transactions of the pass."""

        def opened() -> AbstractAsyncContextManager[Transaction[Any]]:
            return self.transaction(begin)

        return opened
