"""Weekly digests: the newest in full, and those before it in a table."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from console.frame.navigation import DIGESTS
from console.frame.visits import Visit, page
from console.pages.goals.words import STATES
from console.pages.insight.words import PRACTICES

SHOWN_COUNT: Final = 13


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: By the one thing to do: what it says, and where it is done.
TODO: Final = {
    "reports": (_("Decide the reports that are due"), "/guidelines"),
    "answers": (_("Answer who waits longest"), "/insight/answers"),
    "goals": (_("Look at the goal that is off pace"), "/goals"),
    "practice": (_("See which practice needs care"), "/scorecard"),
    "nothing": (_("Nothing waits: thank somebody"), "/kudos"),
}


async def show_digests(visit: Visit) -> Response:
    """The week that is over, and the weeks before."""
    answer = await visit.ask.get("analytics", "/v1/digests", limit=SHOWN_COUNT)
    return visit.page(
        "pages/digests/page.html",
        answer=answer,
        latest=answer.items[0] if answer.items else None,
        before=answer.items[1:],
        states=STATES,
        todo=TODO,
        practices=PRACTICES,
    )


ROUTES: Final = [Route(DIGESTS.path, page(show_digests, scope=DIGESTS.scope))]
