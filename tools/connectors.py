"""The generated parts of docs/connectors.md: what becomes of each type of each platform, and the functions."""

from collections.abc import Iterator

from connectors.compiled import Connector
from connectors.functions import FUNCTIONS
from connectors.listing import Listed, becomes
from connectors.shipped import connector, files

_BEGIN, _END = "<!-- generated: {} -->", "<!-- end: {} -->"
_STATES = {"no_engagement": "no engagement", "not_yet": "not yet"}


def with_connectors(page: str) -> str:
    """The page with its generated parts as they are now. Raises ValueError when it has no place for one."""
    for name, lines in (("functions", _functions()), ("platforms", _platforms())):
        begin, end = _BEGIN.format(name), _END.format(name)
        if begin not in page or end not in page:
            raise ValueError(f"docs/connectors.md has no {begin} … {end}")
        before, _, rest = page.partition(begin)
        after = rest.partition(end)[2]
        page = "\n".join([before + begin, "", *lines, "", end + after])
    return page


def _functions() -> Iterator[str]:
    yield "| Function | As in | Is |"
    yield "|---|---|---|"
    yield "| `first_of` | `first_of(body.a, body.b)` | the first that is neither null nor an empty text |"
    for name, function in FUNCTIONS.items():
        yield f"| `{name}` | `{function.usage}` | {function.does} |"


def _platforms() -> Iterator[str]:
    for number, name in enumerate(files()):
        if number:
            yield ""
        yield from _platform(connector(name))


def _platform(one: Connector) -> Iterator[str]:
    read = one.document
    yield f"### {read.title} (`{one.name}`)"
    yield ""
    yield f"Documented at {', '.join(f'<{address}>' for address in read.documentation)}. {read.retries.said}"
    yield ""
    yield "| Type | Becomes | Why not |"
    yield "|---|---|---|"
    alike: dict[tuple[str, str], list[str]] = {}
    for listed in becomes(one):
        alike.setdefault((_became(listed), listed.why), []).append(f"`{listed.event}`")
    for (became, why), events in alike.items():
        yield f"| {', '.join(events)} | {became} | {why} |"
    for export in read.exports:
        needs = "".join(f" --set {name}=…" for name in export.needs)
        yield ""
        yield f"`plaudit import {one.name} FILE{needs}` takes: {export.title}. {export.said}"


def _became(listed: Listed) -> str:
    shown = [one if one in ("retracts", "restores") else f"`{one}`" for one in listed.activities]
    return ", ".join(shown) or _STATES[listed.state]
