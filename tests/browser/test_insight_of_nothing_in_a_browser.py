"""A community of which nothing is known: every page of insight says what to do first, and no figure of nobody."""

import re
from uuid import uuid4

import pytest

from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]

PAGES = (
    "/scorecard",
    "/scorecard/median_response",
    "/goals",
    "/decisions",
    "/digests",
    "/alerts",
    "/insight/growth",
    "/insight/growth?by=month",
    "/insight/retention",
    "/insight/answers",
    "/insight/answers?topic=Gears",
    "/insight/activity",
    "/insight/orbit",
    "/insight/sentiment",
    "/insight/network",
    "/content",
    "/content/unjudged",
    "/content/read",
    "/surveys",
    "/ideas",
    "/campaigns",
)
#: What a figure of nobody looks like where somebody forgot that there may be nobody.
NOTHING = re.compile(r"\bNaN\b|\bNone\b|\bnull\b|\bundefined\b|\binf\b|(?<![\d.,])0(?:[.,]0+)?\s?%")


async def test_every_page_of_insight_says_what_to_do_first(console: Console) -> None:
    async with console.visitor(community=f"quiet-{uuid4().hex[:8]}", locale="en-GB") as visitor:
        wrong = []
        for path in PAGES:
            if (status := await visitor.go(path)) != 200:
                wrong.append(f"{path}: status {status}")
                continue
            main = visitor.page.locator("main")
            text = await main.inner_text()
            wrong += [f"{path}: {found}" for found in NOTHING.findall(text)]
            # An empty part says in a sentence what would be here, and what makes it.
            said = await main.locator(".empty p").all_inner_texts()
            wrong += [] if any(len(one) > 20 for one in said) else [f"{path}: nothing says what to do"]
        assert wrong == []
        assert visitor.complaints == []
