"""One kind of person at a time: their first page, and that every link of their navigation leads somewhere."""

import re
from collections.abc import Sequence

import pytest

from plaudit.access import add_person, local_people
from tests.browser.conftest import COMMUNITY, FULL, Console, Visitor

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


async def dead_ends(visitor: Visitor, first: Sequence[str], *, below: bool) -> list[str]:
    """Links that lead nowhere, or to what their reader may not see; with `below` those in the pages, too."""
    waiting, seen, found = [(path, "the navigation") for path in first], set(), []
    while waiting:
        path, place = waiting.pop()
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
        if below and place == "the navigation":
            main = text.partition("<main")[2].partition("</main>")[0]
            waiting += [(link.replace("&amp;", "&"), path) for link in LINK.findall(main)]
    return found


async def test_a_member_on_a_phone_meets_no_dead_end(console: Console) -> None:
    async with console.visitor(
        identity="chat:u1", locale="en-GB", viewport={"width": 360, "height": 780}
    ) as visitor:
        assert visitor.page.url == visitor.url + "/me"
        links = await links_of_navigation(visitor)
        assert len(links) >= 4

        assert await dead_ends(visitor, links, below=True) == []


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
        assert await dead_ends(visitor, made_of, below=True) == []
        for path in links if FULL else [HOMES[role]]:
            assert await visitor.wrong_at(path, width=1280) == []
