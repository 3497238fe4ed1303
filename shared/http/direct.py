"""Routes that are called without the framework's layers, for paths that carry the load.

Routing, dependencies and request objects cost more than taking an event does. The limits, metrics and problems
around such a route are those of every other.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from shared.http.declared import refuse_undeclared
from shared.http.problem_types import INCOMPLETE_REQUEST
from shared.http.problems import Problem

Read = Callable[[], Awaitable[bytes]]


@cache
def _name(name: str) -> bytes:
    """A header's name as it is sent: there are as many as the code has."""
    return name.lower().encode("latin-1")


class Answer(NamedTuple):
    """An HTTP answer with a body of JSON; `headers` are those beside its type and length."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class DirectRoute:
    """An ASGI application of one function, given the connected service, the headers and how to read the body.

    Header names are in lower case, and of a header that is repeated the first counts. Of query
    parameters there are those of `parameters`, each of one value, given to the function as a fourth argument where
    there are any; another one is refused. What the function raises becomes the problem that the service's table
    of errors says, as of every route. Used as a route's endpoint, it is called directly (see RequestLimits).
    """

    def __init__(self, function: Callable[..., Awaitable[Answer]], *, parameters: Collection[str] = ()) -> None:
        self._function = function
        self._parameters = dict.fromkeys(parameters, False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def read() -> bytes:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                return bytes(message.get("body", b""))
            parts = []
            while message["type"] == "http.request":
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    return b"".join(parts)
                message = await receive()
            raise Problem(INCOMPLETE_REQUEST, "The client went away")

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        try:
            said: tuple[Mapping[str, str], ...] = ()
            if scope["query_string"]:
                refuse_undeclared(scope["query_string"], self._parameters)
                said = (dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),)
            status, body, more = await self._function(scope["app"].state.connected, headers, read, *said)
        except Exception as error:
            problem = scope["app"].state.problem_of(error)
            if problem is None:
                raise
            await problem.response(scope["path"])(scope, receive, send)
            return
        raw = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        raw += [(_name(name), value.encode("latin-1")) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})
