"""What the console's pages are measured by: a walk from link to link, and the times of each page."""

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from bench.pages import OF_A_ROUTE_MAX_COUNT, Console, Timed, Times, _measure, _name, _note_questions, _walk

MEMBER = "3937defa-6cb1-51b0-be58-e30e7c556406"
MANY = [f'<a href="/members/{number:012x}">one</a>' for number in range(OF_A_ROUTE_MAX_COUNT + 4)]
LINKS = {
    "/": '<a href="/list?sort=name&amp;after=zzz">list</a> <a href="/static/a.css">look</a>'
    ' <a href="/sign-out">out</a>',
    "/list": '<a href="/list?sort=name&amp;after=more">next</a> <a href="/old">old</a> <a href="/gone">gone</a>'
    + "".join(MANY),
    "/unlinked": "nothing",
    "/many": "".join(f'<a href="/list?q={number}">one</a>' for number in range(3 * OF_A_ROUTE_MAX_COUNT)),
}


async def page(request: Request) -> Response:
    if request.url.path == "/old":
        return RedirectResponse("/unlinked")
    if request.url.path == "/gone":
        return HTMLResponse("no", status_code=404)
    return HTMLResponse(LINKS.get(request.url.path, f'<a href="/">home</a> {MEMBER}'))


def console_with_browser() -> tuple[Console, httpx.AsyncClient]:
    paths = ("/", "/list", "/many", "/old", "/gone", "/unlinked", "/members/{id}", "/sign-out", "/file.pdf")
    app = Starlette(routes=[Mount("/static", Starlette()), *(Route(path, page) for path in paths)])
    console = Console("http://console", Timed(app), app.routes)
    transport = httpx.ASGITransport(console.timed)
    return console, httpx.AsyncClient(transport=transport, base_url=console.url)


async def test_every_page_that_a_link_leads_to_is_found_once() -> None:
    console, browser = console_with_browser()
    async with browser:
        found = await _walk(console, browser, ["/"])
    members = [path for path in found.values() if path.startswith("/members/")]
    assert set(found) == {"/", "/list?sort=name", "/old", "/members/…"}
    assert found["/list?sort=name"] == "/list?sort=name&after=zzz"
    # Pages of one name are one; of those of one route only some are asked for.
    assert members == ["/members/000000000000"]


async def test_pages_of_one_route_are_a_few_and_a_page_without_a_link_can_be_named() -> None:
    console, browser = console_with_browser()
    async with browser:
        found = await _walk(console, browser, ["/many", "/unlinked"])
    assert "/unlinked" in found
    assert sum(path.startswith("/list?q=") for path in found.values()) == OF_A_ROUTE_MAX_COUNT


async def test_a_page_is_timed_each_round_and_what_does_not_answer_is_said() -> None:
    console, browser = console_with_browser()
    async with browser:
        await _measure(console, browser, "list", "/list", 3)
        await _measure(console, browser, "gone", "/gone", 2)
    assert [len(console.times.pages[name]) for name in ("list", "gone")] == [3, 2]
    assert all(took > 0 for took in console.times.pages["list"])
    assert console.times.broken == {"gone": 404}
    assert not console.is_measured


async def test_questions_are_noted_by_what_they_ask_while_a_page_is_measured() -> None:
    console, _ = console_with_browser()
    answers = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(transport=answers) as client:
        _note_questions(client, {"scoring": "http://127.0.0.1:1"}, console)
        url = f"http://127.0.0.1:1/v1/members/{MEMBER}/score"
        await client.get(url)
        console.is_measured = True
        for limit in ("5", "6"):
            await client.get(url, params={"by": "week", "at": "now", "limit": limit})
    assert {name: len(took) for name, took in console.times.questions.items()} == {
        "scoring /v1/members/…/score at by week": 2
    }


def test_the_slowest_comes_first_by_its_median_and_names_are_without_ids() -> None:
    times = Times()
    times.pages |= {"quick": [1, 2, 900], "slow": [5, 6, 7]}
    assert times.slowest(times.pages) == [("slow", 6), ("quick", 2)]
    assert _name(f"/members/{MEMBER}?tab=points&after=abc") == "/members/…?tab=points"
