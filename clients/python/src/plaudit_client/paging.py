"""Lists that come in pages, read to their end."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from plaudit_client.calls import Call


def items(ask: Callable[[Call], Any], asked: Call) -> Iterator[Any]:
    """Every item of a list, from the page that `asked` asks for on."""
    while True:
        page = ask(asked)
        yield from page["items"]
        if not (after := page.get("next")):
            return
        asked = _next(asked, after)


async def async_items(ask: Callable[[Call], Awaitable[Any]], asked: Call) -> AsyncIterator[Any]:
    """Every item of a list, from the page that `asked` asks for on."""
    while True:
        page = await ask(asked)
        for item in page["items"]:
            yield item
        if not (after := page.get("next")):
            return
        asked = _next(asked, after)


def _next(asked: Call, after: str) -> Call:
    return replace(asked, params={**asked.params, "after": after})
