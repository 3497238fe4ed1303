"""Alerts: what stands now, where it is looked into, and what was over lately."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from console.components.figures import FIGURES
from console.frame.navigation import ALERTS
from console.frame.visits import Visit, page

#: Of those that are over so many are shown.
OVER_COUNT: Final = 20
#: As many as the API gives at once: more than goals, indicators and tables together.
STANDING_COUNT: Final = 200


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: By what an alert is about: what is so, and what it was.
WORDS: Final = {
    "goal_off_target": (_("A goal is off its target"), _("A goal was off its target")),
    "indicator_red": (_("An indicator of the scorecard is red"), _("An indicator of the scorecard was red")),
    "lineage_lost": (_("Lineage leads nowhere"), _("Lineage led nowhere")),
}
#: By table of lineage.
TABLES: Final = {
    "awards": _("Awards that lead to no event"),
    "grants": _("Badges and levels that lead to no award"),
    "payout_lots": _("Payouts that lead to no award"),
    "redemption_lots": _("Rewards that lead to no award"),
}


#: What alerts may be about, by their name; a goal has a title of its own, which is not ours to translate.
TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "indicator_red": {name: figure.title for name, figure in FIGURES.items()},
    "lineage_lost": TABLES,
}


def href_of(alert: Mapping[str, Any]) -> str:
    """The page on which it is looked into."""
    about = quote(alert["about"], safe="")
    return {
        "goal_off_target": f"/goals/{about}",
        "indicator_red": f"/scorecard/{about}",
        "lineage_lost": "/explorer",
    }.get(alert["name"], "/scorecard")


async def show_alerts(visit: Visit) -> Response:
    """What stands, and what is over."""
    standing = await visit.ask.get("analytics", "/v1/alerts", state="raised", limit=STANDING_COUNT)
    over = await visit.ask.get("analytics", "/v1/alerts", state="cleared", limit=OVER_COUNT)
    return visit.page(
        "pages/alerts/page.html",
        answer=standing,
        standing=standing.items,
        over=over.items,
        words=WORDS,
        titles=TITLES,
        href_of=href_of,
    )


ROUTES: Final = [Route(ALERTS.path, page(show_alerts, scope=ALERTS.scope))]
