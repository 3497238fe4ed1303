"""Whether a request is tried again, and after how long: decided here, waited for by who sends it."""

import random
from collections.abc import Callable

import httpx

from plaudit_client.errors import PlauditError, UnreachableError

#: About two minutes of trying: longer than a service or a broker takes to come back.
RETRIES_MAX_COUNT = 30
#: Before the first answer a wrong address is likelier than a restart: about three seconds of trying.
RETRIES_UNREACHED_COUNT = 5
BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 10.0
#: How long one request goes on asking a service that says that the share is used up; others of the same
#: community may be sending too.
THROTTLED_MAX_SECONDS = 1_800.0
#: Added to the wait that a service asks for, at most: so that those who wait don't return together.
THROTTLED_JITTER_SECONDS = 0.2

#: Answers that say "not now" before anything was done: a limit, or a part that is away for a moment.
NOT_NOW = frozenset({429, 503})
#: Answers after which something may have been done: asked again only where that is safe.
IN_DOUBT = frozenset({408, 500, 502, 504})
#: Errors before a byte was sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def backoff_seconds(attempt: int, rng: random.Random) -> float:
    """Full jitter: anything up to an exponentially growing bound, so that clients don't return together.

    `attempt` counts from 0. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return rng.uniform(0, min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2**attempt))


def retry_after_seconds(response: httpx.Response) -> float:
    """How long the answer asks to wait; 0 where it says nothing of it, or a date."""
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else 0.0


class Attempts:
    """The attempts at one request. `repeatable` says that sending it twice does no more than sending it once."""

    def __init__(
        self,
        url: str,
        *,
        retries: int,
        rng: random.Random,
        repeatable: bool,
        is_reached: Callable[[], bool],
        on_throttled: Callable[[float], None],
    ) -> None:
        self._url = url
        self._retries = retries
        self._rng = rng
        self._repeatable = repeatable
        self._is_reached = is_reached
        self._on_throttled = on_throttled
        self._count = 0
        self._is_there = False
        self._throttled_seconds = 0.0

    def after_error(self, error: httpx.TransportError) -> float:
        """How many seconds to wait before the next attempt. Raises UnreachableError when there is none."""
        failure = str(error) or type(error).__name__
        # Whoever broke off was there: it is being restarted rather than elsewhere.
        self._is_there = self._is_there or not isinstance(error, _NOT_SENT)
        if not self._repeatable and not isinstance(error, _NOT_SENT):
            raise UnreachableError(
                f"{self._url} was asked, and its answer was lost ({failure}): look whether it was done before you "
                "ask again."
            )
        return self._wait(failure, 0.0)

    def after_answer(self, response: httpx.Response) -> float | None:
        """How many seconds to wait before the next attempt; None when the answer is the last.

        Raises PlauditError when it is a refusal, UnreachableError when there is no next attempt.
        """
        if response.is_success:
            return None
        status = response.status_code
        if status not in NOT_NOW and not (status in IN_DOUBT and self._repeatable):
            raise PlauditError.of(response)
        asked = retry_after_seconds(response)
        is_throttled = status == httpx.codes.TOO_MANY_REQUESTS and asked > 0
        if is_throttled and self._throttled_seconds < THROTTLED_MAX_SECONDS:
            # The service works, and says when to come again: that is no failed attempt.
            seconds = asked + self._rng.uniform(0, THROTTLED_JITTER_SECONDS)
            self._throttled_seconds += seconds
            self._on_throttled(seconds)
            return seconds
        return self._wait(str(PlauditError.of(response)), min(asked, BACKOFF_MAX_SECONDS))

    def _wait(self, failure: str, least_seconds: float) -> float:
        seconds = max(backoff_seconds(self._count, self._rng), least_seconds)
        self._count += 1
        is_there = self._is_there or self._is_reached()
        if self._count > (self._retries if is_there else min(self._retries, RETRIES_UNREACHED_COUNT)):
            raise UnreachableError(
                f"{self._url} did not take the request after {self._count} attempts ({failure}). Check that the "
                "address is right and the service runs"
                + ("; running the same again is safe." if self._repeatable else ".")
            )
        return seconds
