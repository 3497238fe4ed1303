"""One request to a provider, at an address that was checked; what came of it, or how much is known of that."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json import JSONDecodeError, loads
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import httpcore
import orjson

from services.rewards.providers.domain.contract import LaterError, UnknownOutcomeOfOrderError
from shared.webhooks.addresses import Bounds, RefusedAddressError, check_url
from shared.webhooks.sending import CheckedNetwork

USER_AGENT: Final = "Plaudit-Providers/1"
#: A catalogue of thousands of cards has some megabytes; what is longer is cut off and not understood.
ANSWER_MAX_BYTES: Final = 16 * 1024 * 1024
CONNECTIONS_MAX_COUNT: Final = 32
KEEP_ALIVE_SECONDS: Final = 10.0
WHY_MAX_CHARS: Final = 200
#: How long whoever was refused for what their account is waits, where the provider says nothing.
ACCOUNT_SECONDS: Final = 300.0
_TOO_MANY: Final = 429
_OF_THE_ACCOUNT: Final = {
    401: "it refuses the account's credentials",
    402: "the account has no funds",
    403: "the account may not do this",
}


class NotSentError(Exception):
    """A request surely did not arrive."""


class NoAnswerError(Exception):
    """A request may have arrived, and nothing that could be read came back."""


class HttpAnswer(NamedTuple):
    """What a provider answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it did what it was asked."""
        return 200 <= self.status < 300

    @property
    def retry_after_seconds(self) -> float | None:
        """The seconds after which it may be asked again, as it says; a date is not heeded."""
        said = self.headers.get("retry-after", "").strip()
        return float(said[:9]) if said.isdigit() else None

    def read(self) -> Any:
        """The JSON in it, numbers with a point as decimals. Raises NoAnswerError for what is none."""
        try:
            return loads(self.body, parse_float=Decimal)
        except (JSONDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise NoAnswerError(f"it answered {self.status} with what is no JSON") from error


class Caller:
    """Asks one provider. It follows no redirect and heeds no proxy of the environment."""

    def __init__(self, base_url: str, bounds: Bounds, *, seconds: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._bounds = bounds
        self._seconds = seconds
        self._network = CheckedNetwork(bounds)
        self._opened: httpcore.AsyncConnectionPool | None = None

    @property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        # Not before it is used: whoever reads a webhook asks nobody.
        if self._opened is None:
            self._opened = httpcore.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(),
                max_connections=CONNECTIONS_MAX_COUNT,
                max_keepalive_connections=CONNECTIONS_MAX_COUNT,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
                network_backend=self._network,
            )
        return self._opened

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        content: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Ask once, with JSON or a form where there is something to say. Raises NotSentError and NoAnswerError."""
        url = f"{self._base_url}{path}"
        body = None if content is None else orjson.dumps(content)
        if form is not None:
            body = urlencode(form).encode()
        sent = [
            *headers,
            ("content-type", "application/json" if form is None else "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("user-agent", USER_AGENT),
        ]
        try:
            check_url(url, self._bounds)
            async with asyncio.timeout(self._seconds):
                return await self._exchange(method, url, sent, body)
        except RefusedAddressError as error:
            raise NotSentError(f"its address is refused: {error}"[:WHY_MAX_CHARS]) from error
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise NotSentError("it is not reached") from error
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {self._seconds:g} s") from error
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise NoAnswerError("its answer was cut off") from error

    async def _exchange(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes | None
    ) -> HttpAnswer:
        async with self._pool.stream(method, url, headers=list(headers), content=body) as response:
            parts, size = [], 0
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > ANSWER_MAX_BYTES:
                    raise NoAnswerError(f"its answer has more than {ANSWER_MAX_BYTES} bytes")
                parts.append(chunk)
            found = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in response.headers}
            return HttpAnswer(response.status, found, b"".join(parts))

    async def close(self) -> None:
        """Close all connections."""
        if self._opened is not None:
            await self._opened.aclose()
        self._network.close()


async def asked(caller: Caller, method: str, path: str, *, headers: Sequence[tuple[str, str]]) -> HttpAnswer:
    """Ask what changes nothing: whatever goes wrong may be tried again. Raises LaterError."""
    try:
        answer = await caller.ask(method, path, headers=headers)
    except (NotSentError, NoAnswerError) as error:
        raise LaterError(str(error)) from error
    check_account(answer)
    if answer.status >= 500 or 300 <= answer.status < 400:
        raise LaterError(f"it answered {answer.status}", answer.retry_after_seconds)
    return answer


async def told(
    caller: Caller,
    method: str,
    path: str,
    *,
    headers: Sequence[tuple[str, str]],
    content: Any = None,
    form: Mapping[str, str] | None = None,
) -> HttpAnswer:
    """Ask what may do something.

    Raises LaterError where it surely was not done, and UnknownOutcomeOfOrderError where nobody knows.
    """
    try:
        answer = await caller.ask(method, path, headers=headers, content=content, form=form)
    except NotSentError as error:
        raise LaterError(str(error)) from error
    except NoAnswerError as error:
        raise UnknownOutcomeOfOrderError(str(error)) from error
    check_account(answer)
    if answer.status >= 500 or 300 <= answer.status < 400:
        raise UnknownOutcomeOfOrderError(f"it answered {answer.status}")
    return answer


def check_account(answer: HttpAnswer) -> None:
    """Raise LaterError for an answer that is about the account, or about how often it asks."""
    if answer.status == _TOO_MANY:
        raise LaterError("it is asked too often", answer.retry_after_seconds)
    if answer.status in _OF_THE_ACCOUNT:
        raise LaterError(_OF_THE_ACCOUNT[answer.status], answer.retry_after_seconds or ACCOUNT_SECONDS)


def said(text: object) -> str:
    """What a provider says of a failure, short enough and printable."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text))[:WHY_MAX_CHARS]
