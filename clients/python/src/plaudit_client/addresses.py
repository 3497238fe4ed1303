"""Where the services are, and with what authority they are asked."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from plaudit_client.calls import Call
from plaudit_client.errors import PlauditError
from plaudit_client.retrying import RETRIES_MAX_COUNT, Attempts

REQUEST_TIMEOUT_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 10.0


def _unheard(seconds: float) -> None:
    """Nobody wants to hear of it."""


@dataclass
class Addresses:
    """One address for all services, the gateway's, or one for some; and the access `key`, a community's."""

    url: str
    key: str
    services: Mapping[str, str] = field(default_factory=dict)
    retries: int = RETRIES_MAX_COUNT
    on_throttled: Callable[[float], None] = _unheard
    #: Seconds that requests have waited because the share was used up, all together.
    throttled_seconds: float = 0.0
    #: Whether a service has ever answered: only then its silence is a restart rather than a wrong address.
    is_reached: bool = False
    #: Whether bodies may be compressed; a server of before says once that it does not know of it.
    compresses: bool = True
    rng: random.Random = field(default_factory=random.Random)

    @property
    def headers(self) -> dict[str, str]:
        """What every request says."""
        return {"Authorization": f"Bearer {self.key}", "User-Agent": "plaudit-client"}

    @property
    def timeout(self) -> httpx.Timeout:
        """How long a request may take."""
        return httpx.Timeout(REQUEST_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)

    def base_of(self, service: str) -> str:
        """The address of a service, without a slash at its end."""
        return self.services.get(service, self.url).rstrip("/")

    def attempts(self, asked: Call) -> Attempts:
        """The attempts at a call."""
        return Attempts(
            self.base_of(asked.service),
            retries=self.retries,
            rng=self.rng,
            repeatable=asked.repeatable,
            is_reached=lambda: self.is_reached,
            on_throttled=self._throttled,
        )

    def is_of_before(self, sent: Call, response: httpx.Response) -> bool:
        """Whether the server knows of no compressed bodies; from then on none is sent."""
        is_unsupported = response.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE
        if "Content-Encoding" not in sent.headers or not is_unsupported:
            return False
        if not PlauditError.of(response).type.endswith("unsupported-content-encoding"):
            return False
        self.compresses = False
        return True

    def _throttled(self, seconds: float) -> None:
        self.throttled_seconds += seconds
        self.on_throttled(seconds)
