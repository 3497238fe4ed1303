"""One kind of person at a time: their first page, and that every link of their navigation leads somewhere."""

import re
from collections.abc import Sequence
from typing import Literal

import pytest
from playwright.async_api import ViewportSize

from plaudit.access import add_person, local_people
from tests.browser.conftest import COMMUNITY, FULL, LOOKED_AT, Console, Visitor

#: Each role alone, and where its work begins.
HOMES = {
    "manager": "/scorecard",
    "finance_maker": "/payout-runs",
    "finance_approver": "/waiting",
    "moderator": "/guidelines",
    "operator": "/pipeline",
    "administrator": "/waiting",
}
#: What says that a part of a page is not for its reader.
NOT_ALLOWED = "Your roles do not show this"
#: What is no page: it ends the session, or is a file.
NO_PAGE = re.compile(r"^/(sign-out|static)|\.(csv|xml|json|ndjson)(\?|$)|/bank-file$")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|=[^&]*")
LINKS = "found => [...new Set(found.map(one => one.getAttribute('href').split('#')[0]))]"
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')


async def links_of_navigation(visitor: Visitor) -> list[str]:
    return list(await visitor.page.eval_on_selector_all("nav a[href^='/']", LINKS))


async def dead_ends(visitor: Visitor, first: Sequence[str], *, below: int) -> list[str]:
    """Links that lead nowhere, or to what their reader may not see; in pages so far below the first, too."""
    waiting, seen, found = [(path, "the navigation", below) for path in first], set(), []
    while waiting:
        # Those of the navigation first, so that a page is known by the shortest way to it.
        path, place, left = waiting.pop(0)
        route = ID.sub("…", path)
        if route in seen or NO_PAGE.search(path):
            continue
        seen.add(route)
        answer = await visitor.page.request.get(visitor.url + path, max_redirects=1)
        if answer.status != 200:
            found.append(f"{path} of {place}: {answer.status}")
            continue
        text = await answer.text()
        if place == "the navigation" and NOT_ALLOWED in text:
            found.append(f"{path} of {place}: {NOT_ALLOWED}")
        if left:
            main = text.partition("<main")[2].partition("</main>")[0]
            waiting += [(link.replace("&amp;", "&"), path, left - 1) for link in LINK.findall(main)]
    return found


async def wrong_with(visitor: Visitor, paths: Sequence[str], *, width: int) -> list[str]:
    """What axe, the browser and a ruler say of pages."""
    return [one for path in paths for one in await visitor.wrong_at(path, width=width)]


#: A phone in the hand, in every language and theme.
PHONES = [look for look in LOOKED_AT if look[2] < 400]


@pytest.mark.parametrize(("locale", "theme", "width"), PHONES)
async def test_a_member_alone_on_a_phone_meets_no_dead_end(
    console: Console, locale: str, theme: Literal["light", "dark"], width: int
) -> None:
    phone: ViewportSize = {"width": width, "height": 780}
    async with console.visitor(identity="chat:u1", locale=locale, color_scheme=theme, viewport=phone) as visitor:
        assert visitor.page.url == visitor.url + "/me"
        links = await links_of_navigation(visitor)
        assert len(links) >= 4

        assert await dead_ends(visitor, links, below=2) == []
        assert await wrong_with(visitor, links, width=width) == []


@pytest.mark.parametrize(("locale", "theme", "width"), PHONES)
async def test_somebody_who_has_the_role_of_a_member_alone_meets_no_dead_end(
    console: Console, locale: str, theme: Literal["light", "dark"], width: int
) -> None:
    office = local_people(console.state).office
    person = add_person(office, COMMUNITY, "A member, no more", ["member"])["person_id"]
    phone: ViewportSize = {"width": width, "height": 780}
    async with console.visitor(person=person, locale=locale, color_scheme=theme, viewport=phone) as visitor:
        assert await visitor.violations() == []
        links = await links_of_navigation(visitor)

        assert await dead_ends(visitor, links, below=2) == []
        assert await wrong_with(visitor, links, width=width) == []


#: Whose work is waited for, and who lets others in: their pages are looked at on a phone, too.
OFFICES = ("finance_approver", "administrator")


@pytest.mark.parametrize("role", OFFICES)
@pytest.mark.parametrize(("locale", "theme", "width"), PHONES)
async def test_an_office_on_a_phone_meets_no_dead_end(
    console: Console, role: str, locale: str, theme: Literal["light", "dark"], width: int
) -> None:
    office = local_people(console.state).office
    person = add_person(office, COMMUNITY, f"On a phone as {role}", [role])["person_id"]
    phone: ViewportSize = {"width": width, "height": 780}
    async with console.visitor(person=person, locale=locale, color_scheme=theme, viewport=phone) as visitor:
        links = await links_of_navigation(visitor)

        assert await dead_ends(visitor, links, below=2 if FULL else 0) == []
        assert await wrong_with(visitor, links if FULL else [HOMES[role]], width=width) == []


@pytest.mark.parametrize("role", HOMES)
async def test_whoever_has_one_role_alone_meets_no_dead_end(console: Console, role: str) -> None:
    office = local_people(console.state).office
    person = add_person(office, COMMUNITY, f"Alone as {role}", [role])["person_id"]
    async with console.visitor(person=person, locale="en-GB", viewport={"width": 1280, "height": 900}) as visitor:
        assert visitor.page.url == visitor.url + HOMES[role]
        links = await links_of_navigation(visitor)
        assert len(links) > 10

        assert await dead_ends(visitor, links, below=FULL) == []
        # What an indicator is made of is a page that only some may see.
        made_of = [f"/scorecard/{one}" for one in ("changes_noted", "audience_known") if "/scorecard" in links]
        assert await dead_ends(visitor, made_of, below=1) == []
        for path in links if FULL else [HOMES[role]]:
            assert await visitor.wrong_at(path, width=1280) == []
