"""What can go wrong with a request, as exceptions."""

from collections.abc import Mapping
from typing import Any

import httpx


class PlauditError(Exception):
    """A service refused a request, and will refuse it again.

    `status` is HTTP's, `problem` the problem+json document (RFC 9457), `type` its stable address, and `errors` has
    one entry for each place that is wrong.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        self.type = str(self.problem.get("type") or "about:blank")
        self.errors: list[dict[str, Any]] = list(self.problem.get("errors") or [])
        title = str(self.problem.get("title") or f"HTTP {status}")
        detail = self.problem.get("detail")
        super().__init__(f"{title}: {detail}" if detail else title)

    @classmethod
    def of(cls, response: httpx.Response) -> "PlauditError":
        """What an answer says, be it no problem document."""
        try:
            document = response.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            document = {"title": f"HTTP {response.status_code} {response.reason_phrase}".rstrip()}
        return cls(response.status_code, document)


class UnreachableError(Exception):
    """A service could not be reached, or said "not now", as often as the client was willing to ask.

    Whether the last request was carried out is not known: what is safe to send again says the method that raised.
    """


class QueueFullError(Exception):
    """The recorder holds as many events as it may, and there is no room on disk: this one was not taken."""
