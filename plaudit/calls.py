"""Requests to the services, and what a refusal says."""

import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import click
import httpx

from shared.contracts.texts import written_out

REQUEST_SECONDS = 30.0
PAGE_MAX_COUNT = 500


class Refused(click.ClickException):
    """A service answered with a problem, of the HTTP `status`."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        try:
            problem = answer.json()
        except ValueError:
            problem = None
        if not isinstance(problem, Mapping):
            problem = {"title": f"HTTP {answer.status_code} from {answer.url}", "detail": answer.text[:200]}
        lines = [written_out(f"{problem.get('title')}: {problem.get('detail', '')}".rstrip(": "))]
        for error in problem.get("errors", []):
            place = f"line {error['line']}, " if error.get("line") else ""
            place += f"column {error['column']}, " if error.get("column") else ""
            place = f"{place.removesuffix(', ')}: " if place else ""
            lines.append(written_out(f"  {place}{error.get('field', '')} {error.get('detail', '')}"))
        super().__init__("\n".join(lines))


def request(method: str, url: str, key: str, **options: Any) -> Any:
    """Ask a service and return the JSON of its answer; raises Refused for a problem."""
    answer = _answer(method, url, key, **options)
    if answer.is_error:
        raise Refused(answer)
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise click.ClickException(f"{url} does not answer as Plaudit does: is the address right?") from error


def fetch(url: str, key: str, **options: Any) -> bytes:
    """Ask a service for a file; raises Refused for a problem."""
    answer = _answer("GET", url, key, **options)
    if answer.is_error:
        raise Refused(answer)
    return answer.content


def _answer(method: str, url: str, key: str, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} | options.pop("headers", {})
    try:
        return httpx.request(
            method, url, headers=headers, timeout=REQUEST_SECONDS, verify=trusted_certificates(), **options
        )
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise click.ClickException(
            f"{url} does not answer ({error}); is the address right, and the service up? "
            "For a local stack try `plaudit status`"
        ) from error


@cache
def trusted_certificates() -> ssl.SSLContext:
    """What HTTPS is checked by, read once: each request would read it anew, in 20 ms, even for plain HTTP."""
    return httpx.create_ssl_context()


def every_item(url: str, key: str, **wanted: str) -> list[dict[str, Any]]:
    """All items of a list, page by page; `wanted` says of what."""
    items: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": PAGE_MAX_COUNT} | wanted
    after = None
    while True:
        page = request("GET", url, key, params=params | ({"after": after} if after else {}))
        items += page["items"]
        after = page["next"]
        if after is None:
            return items


def knows(url: str, key: str) -> bool:
    """Whether the service at `url` knows the access key. Raises Refused when it answers with anything else."""
    answer = _answer("GET", f"{url}/v1/key", key)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return False
    if answer.is_error:
        raise Refused(answer)
    return True


def why_not_ready(url: str) -> str | None:
    """What keeps the service at `url` from its work, in words; None when nothing does."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=REQUEST_SECONDS, verify=trusted_certificates())
        missing = answer.json()["missing"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        return f"it does not answer ({error})"
    return "; ".join(map(str, missing)) or None
