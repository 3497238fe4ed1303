"""Who one is here, and how pages look."""

from starlette.responses import Response
from starlette.routing import Route

from console.components.languages import LANGUAGES
from console.frame.security import local_path
from console.frame.visits import COOKIE_DAYS, THEMES, Visit, cookie, page
from console.pages.keys.scopes import SCOPES
from console.pages.people.roles import ROLES

SECONDS = COOKIE_DAYS * 86_400
#: Whether single letters do something.
KEYS = ("on", "off")


async def show(visit: Visit) -> Response:
    """What is known of whoever looks, and what they may do."""
    return visit.page("pages/account/page.html", holder=visit.signed_in, roles=ROLES, scopes=SCOPES)


async def prefer(visit: Visit) -> Response:
    """Keep a language, a theme, or whether letters are keys, in the browser."""
    settings = visit.console.settings
    if visit.form.get("language") in LANGUAGES:
        visit.cookies[cookie("language", settings)] = (visit.form["language"], SECONDS)
    if "theme" in visit.form:
        theme = visit.form["theme"] if visit.form["theme"] in THEMES else ""
        visit.cookies[cookie("theme", settings)] = (theme, SECONDS if theme else 0)
    if visit.form.get("keys") in KEYS:
        visit.cookies[cookie("keys", settings)] = (visit.form["keys"], SECONDS)
    return visit.see_other(local_path(visit.form.get("back")))


ROUTES = [
    Route("/account", page(show, is_for_anybody=True)),
    Route("/preferences", page(prefer, is_open=True), methods=["POST"]),
]
