"""How long the console's pages take on the server, and each question that they ask: `python -m bench.pages`.

The console runs in this process, on a stack whose services run. As somebody with every role it is walked from link
to link, so that a page that is added is measured without being named here; each is asked for several times.
"""

import asyncio
import html
import os
import re
import shutil
import socket
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import httpx
from starlette.routing import BaseRoute, Match, Mount

from bench.context import Context
from bench.factor import measure
from bench.fill.__main__ import GIB, fill, needed_bytes
from bench.fill.world import World
from bench.results import Breakdown, Target
from console.app import create_app
from console.asking import Services
from console.settings import Settings
from console.sign_in.store import Database
from plaudit.console import sign_in_link
from plaudit.stack import StackState, load_state
from plaudit.stack.services import connections
from shared.http.server import HttpServer

WANTED_MS = 150.0
ROUND_COUNT = 7
#: Members and events of the community that is filled.
FULL_COUNTS = (1_000_000, 10_000_000)
QUICK_COUNTS = (10_000, 100_000)
#: Pages and questions that results name.
SHOWN_COUNT = 40
#: Pages of one route that are measured: the walk finds a page for every member of a leaderboard.
OF_A_ROUTE_MAX_COUNT = 6
LINK = re.compile(r'href="(/[^"#]*)')
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/|=)[0-9a-f]{12}\b")
#: What is no page: files, streams, and what ends the session that walks.
NO_PAGES = ("/static", "/sign-in", "/sign-out", "/pipeline/live")

Say = Callable[[str], None]


@dataclass
class Times:
    """Milliseconds of each page, and of each question that pages asked, by what was asked."""

    pages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    questions: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    broken: dict[str, int] = field(default_factory=dict)

    def slowest(self, times: dict[str, list[float]]) -> list[tuple[str, float]]:
        """What took longest first, with its median."""
        return sorted(((name, median(values)) for name, values in times.items()), key=lambda one: -one[1])


class Timed:
    """An application that notes how long each request of a page took, to the last byte of its answer."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.took_ms = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        began = time.perf_counter()
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            self.took_ms = (time.perf_counter() - began) * 1000


@dataclass
class Console:
    """The console of this process, and the times of what it asks while `is_measured`."""

    url: str
    timed: Timed
    routes: list[BaseRoute]
    times: Times = field(default_factory=Times)
    is_measured: bool = False

    def route_of(self, path: str) -> str | None:
        """The template of a page's path; None for what is no page."""
        if path.startswith(NO_PAGES) or "." in path.rpartition("/")[2]:
            return None
        scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
        found = (one for one in self.routes if not isinstance(one, Mount) and one.matches(scope)[0] is Match.FULL)
        return next((str(getattr(one, "path", "")) for one in found), None)


@asynccontextmanager
async def console_of(state: StackState) -> AsyncIterator[Console]:
    """A console beside the stack's own, on the same database, which notes what it asks."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    given = {**connections(state, "console"), "http_port": port, "console_url": url, "ask_seconds": 60.0}
    settings = Settings(**given)
    database = await Database.connected(settings)
    services = Services.connected(
        settings.service_urls, ask_seconds=settings.ask_seconds, answer_max_bytes=settings.answer_max_bytes
    )
    app = create_app(settings, database, services)
    console = Console(url, Timed(app), app.routes)
    _note_questions(services.client, settings.service_urls, console)
    server = HttpServer(console.timed, settings)
    await server.start()
    try:
        yield console
    finally:
        app.state.stopping.set()
        await server.stop()
        await services.client.aclose()
        await database.close()


def _note_questions(client: httpx.AsyncClient, urls: dict[str, str], console: Console) -> None:
    service_of = {urlsplit(url).netloc: service for service, url in urls.items()}

    async def asked(request: httpx.Request) -> None:
        request.extensions["began"] = time.perf_counter()

    async def answered(response: httpx.Response) -> None:
        if console.is_measured:
            took_ms = (time.perf_counter() - response.request.extensions["began"]) * 1000
            url = response.request.url
            query = " ".join(sorted(key for key in parse_qs(url.query.decode()) if key not in {"limit"}))
            said = {
                key: value[0] for key, value in parse_qs(url.query.decode()).items() if key in {"by", "period"}
            }
            name = f"{service_of[url.netloc.decode()]} {ID.sub('…', url.path)} {query} {' '.join(said.values())}"
            console.times.questions[name.strip()].append(took_ms)

    client.event_hooks = {"request": [asked], "response": [answered]}


async def measure_pages(
    state: StackState,
    community: str,
    say: Say,
    *,
    round_count: int = ROUND_COUNT,
    seeds: Iterable[str] = (),
    identity: str | None = None,
) -> Times:
    """Walk the console of a community and measure every page; `seeds` are pages that no link may lead to.

    With an `identity` the pages of that member are measured too.
    """
    async with console_of(state) as console:
        for who in [None, identity] if identity else [None]:
            async with httpx.AsyncClient(base_url=console.url, timeout=120, trust_env=False) as browser:
                link = await asyncio.to_thread(sign_in_link, state, community, identity=who)
                home = await _sign_in(browser, link)
                pages = await _walk(console, browser, [home, *(seeds if who is None else ())])
                for name, path in pages.items():
                    await _measure(console, browser, name, path, round_count)
                    say(f"{median(console.times.pages[name]):8.1f} ms  {name}")
        return console.times


async def _sign_in(browser: httpx.AsyncClient, link: str) -> str:
    """Open the link and press the button; return the first page."""
    shown = await browser.get("/sign-in/link", params=parse_qs(urlsplit(link).query))
    token = FORM_TOKEN.search(shown.text) or FORM_TOKEN.search((await browser.get("/sign-in/link")).text)
    if token is None:
        raise RuntimeError(f"the link does not sign in: {shown.status_code}")
    answer = await browser.post("/sign-in/link", data={"form_token": token[1]})
    return answer.headers["location"]


async def _walk(console: Console, browser: httpx.AsyncClient, first: list[str]) -> dict[str, str]:
    """Pages by what they are called, found by following links from the `first` ones."""
    found: dict[str, str] = {}
    routes: dict[str, int] = defaultdict(int)
    waiting, seen = list(first), set(first)
    while waiting:
        path = waiting.pop(0)
        route = console.route_of(urlsplit(path).path)
        if route is None or routes[route] >= OF_A_ROUTE_MAX_COUNT:
            continue
        answer = await browser.get(path)
        if answer.is_redirect:
            answer = await browser.get(answer.headers["location"])
        if not answer.is_success or "text/html" not in answer.headers.get("content-type", ""):
            continue
        name = _name(path)
        if name in found:
            continue
        routes[route] += 1
        found[name] = path
        for target in map(html.unescape, LINK.findall(answer.text)):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return found


def _name(path: str) -> str:
    """A page as results call it: no id, and of a query what it is about."""
    parts = urlsplit(path)
    query = {key: value[0] for key, value in parse_qs(parts.query).items() if key != "after"}
    said = "&".join(f"{key}={ID.sub('…', value)}" for key, value in sorted(query.items()))
    return ID.sub("…", parts.path) + (f"?{said}" if said else "")


async def _measure(console: Console, browser: httpx.AsyncClient, name: str, path: str, round_count: int) -> None:
    console.is_measured = True
    try:
        for _ in range(round_count):
            answer = await browser.get(path, follow_redirects=True)
            console.times.pages[name].append(console.timed.took_ms)
            if not answer.is_success:
                console.times.broken[name] = answer.status_code
    finally:
        console.is_measured = False


async def pages(context: Context) -> None:
    """Fill a community, and measure every page of its console and each question behind them."""
    await context.reset()
    state = await context.up()
    members, events = QUICK_COUNTS if context.quick else FULL_COUNTS
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    world = World("filled", 1, members, events, end)
    needed, free = needed_bytes(members, events), shutil.disk_usage(state.directory).free
    context.say(
        f"{members:,} members, {events:,} events: {needed / GIB:.1f} of {free / GIB:.1f} GiB that are free"
    )
    if needed > free:
        raise RuntimeError("that is more disk than there is")
    await asyncio.to_thread(fill, state, world)
    times = await measure_pages(
        state, world.community, context.say_number, round_count=context.round_count, identity="chat:m0"
    )
    size = f"{members:,} members, {events:,} events"
    name, _ = times.slowest(times.pages)[0]
    context.results.add(
        Target(
            name=f"Slowest page of the console, with {size}",
            unit="ms",
            values=times.pages[name],
            wanted=WANTED_MS,
            scales="time",
            note=name,
        )
    )
    for title, found in (("pages of the console", times.pages), ("slowest questions of them", times.questions)):
        rows = {one: found[one] for one, _ in times.slowest(found)[:SHOWN_COUNT]}
        context.results.add(Breakdown(title=f"Server time of the {title}, with {size}", unit="ms", rows=rows))
    if times.broken:
        raise RuntimeError(f"pages that did not answer: {times.broken}")
    await context.reset()


@click.command(epilog="Example: python -m bench.pages --stack fill --community filled")
@click.option("--stack", default="fill", show_default=True, help="A local stack that is up")
@click.option("--community", default="filled", show_default=True, help="Whose console is walked")
@click.option("--page", "seeds", multiple=True, help="A page that no link leads to; repeat for more")
@click.option("--identity", metavar="CHANNEL:ID", help="A member whose own pages are measured too")
@click.option("--rounds", default=ROUND_COUNT, show_default=True, type=click.IntRange(min=1))
def main(stack: str, community: str, seeds: tuple[str, ...], identity: str | None, rounds: int) -> None:
    """Measure every page of a community's console beside its limit, and the questions behind the pages."""
    os.environ.setdefault("PLAUDIT_STACK", stack)
    before = measure().factor
    times = asyncio.run(
        measure_pages(load_state(stack), community, click.echo, round_count=rounds, seeds=seeds, identity=identity)
    )
    factor = (before + measure().factor) / 2
    bound = WANTED_MS / factor
    click.echo(
        f"\nfactor {factor:.2f}, load {os.getloadavg()[0]:.1f}: "
        f"{WANTED_MS:g} ÷ {factor:.2f} = {bound:.0f} ms a page"
    )
    for name, took in times.slowest(times.pages):
        click.echo(f"{took:8.1f} ms  {'met' if took <= bound else 'NOT MET':7}  {name}")
    click.echo("\nquestions behind the pages, by their medians")
    for name, took in times.slowest(times.questions)[:SHOWN_COUNT]:
        click.echo(f"{took:8.1f} ms  {name}")
    for name, status in times.broken.items():
        click.echo(f"answered {status}: {name}")


if __name__ == "__main__":
    main()
