"""A visit: one request of somebody, with their session, language and theme; and how routes are made of pages."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.asking import Asking, Services, SessionOverError
from console.components.languages import NAMES, Writer, preferred, zone
from console.components.tables import Listing
from console.frame.communities import Community, CommunityTitles
from console.frame.navigation import OF_MEMBERS, groups_for, may_open
from console.frame.rendering import Templates
from console.frame.security import is_own_form, local_path
from console.saved_views.store import SavedView, load_views
from console.settings import Settings
from console.sign_in.domain import Session, form_token, is_form_token, new_secret
from console.sign_in.provider import Provider
from console.sign_in.sessions import Sessions
from console.sign_in.store import Database

THEMES = ("light", "dark")
FIELDS_MAX_COUNT = 100
COOKIE_DAYS = 365
TOAST_SECONDS = 60
UNDO = re.compile(r"/views/[0-9a-f-]{36}/restore")
SECRET = re.compile(r"[A-Za-z0-9_-]{20,200}")
#: What makes that a form which is sent twice is one command. It goes into a header.
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Console:
    """What pages work with."""

    settings: Settings
    services: Services
    sessions: Sessions
    provider: Provider | None
    templates: Templates
    communities: CommunityTitles
    database: Database


@dataclass(frozen=True)
class Toast:
    """What is told once, and the path that a form posts to that takes it back."""

    text: str
    undo: str | None


class NotFoundError(Exception):
    """There is no such page, or none for this visitor."""


class StaleFormError(Exception):
    """A form that was not made by a page of this visit."""


@dataclass
class Visit:
    """One request, and what is known of who makes it."""

    request: Request
    console: Console
    session: Session | None
    #: What forms of somebody who is not signed in are bound to.
    browser: str
    language: str
    theme: str | None
    form: Mapping[str, str] = field(default_factory=dict)
    community: Community = field(default_factory=Community)
    cookies: dict[str, tuple[str, int]] = field(default_factory=dict)
    ask: Asking = field(init=False)

    def __post_init__(self) -> None:
        self.ask = Asking(self.console.services, None if self.session is None else self.session.token)

    @property
    def signed_in(self) -> Session:
        """The session. Raises SessionOverError when there is none."""
        if self.session is None:
            raise SessionOverError
        return self.session

    @property
    def writer(self) -> Writer:
        """Writes figures as this visitor reads them, in the community's time zone."""
        return Writer(self.language, zone(self.community.time_zone))

    @property
    def form_token(self) -> str:
        """What forms of this visit carry."""
        return form_token(_form_secret(self))

    @property
    def form_key(self) -> str | None:
        """What makes sending a form twice one command, as the form has it; None for what no page of ours made."""
        key = self.form.get("key", "")
        return key if FORM_KEY.fullmatch(key) else None

    def say(self, text: str, **values: Any) -> str:
        """A text in the visitor's language, with values put in."""
        return self.console.templates.translated(self.language, text).format(**values)

    def service_words(self, text: str) -> Markup:
        """What a service said, in the visitor's language where it is known, and else marked as English."""
        return self.console.templates.service_words(self.language, text)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page as it is shown to this visitor."""
        toast = self._toast()
        if toast:
            self.cookies[cookie("toast", self.console.settings)] = ("", 0)
        return HTMLResponse(self.text(template, toast=toast, **context), status)

    def text(self, template: str, **context: Any) -> str:
        """A page, or a part of one, as its text."""
        writer = self.writer
        path = self.request.url.path
        shown = {
            "visit": self,
            "session": self.session,
            "community": self.community,
            "groups": groups_for(self.session) if self.session and not self.session.is_member else [],
            "member_links": OF_MEMBERS,
            "may_open": partial(may_open, self.session),
            "path": path,
            "language": self.language,
            "languages": NAMES,
            "theme": self.theme,
            "has_keys": self.request.cookies.get(cookie("keys", self.console.settings)) != "off",
            "form_token": self.form_token,
            "write": writer,
            **context,
        }
        return self.console.templates.render(self.language, template, shown)

    def see_other(self, path: str, *, toast: str | None = None, undo: str = "") -> Response:
        """Go to another page of the console; `toast` names what is told there once, `undo` what takes it back."""
        if toast:
            self.cookies[cookie("toast", self.console.settings)] = (f"{toast}~{undo}", TOAST_SECONDS)
        return RedirectResponse(local_path(path), 303)

    async def views(self, listing: Listing) -> list[SavedView]:
        """The visitor's own views of a table."""
        session = self.signed_in
        async with self.console.database.begin() as conn:
            return await load_views(
                conn, community=session.community, person_id=session.person_id, page=listing.path
            )

    def _toast(self) -> Toast | None:
        name, _, undo = self.request.cookies.get(cookie("toast", self.console.settings), "").partition("~")
        text = TOASTS.get(name)
        # The cookie is whatever a browser sends: what takes a thing back is a form to a path of ours.
        return None if text is None else Toast(text, undo if UNDO.fullmatch(undo) else None)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What is told once, after something was done.
TOASTS = {
    "saved": _("Saved"),
    "backtest-cancelled": _("The backtest is cancelled"),
    "restatement-submitted": _("It waits for another person"),
    "restatement-approved": _("It is worked out once more, and posted if it is still the same"),
    "restatement-cancelled": _("The restatement is cancelled"),
    "restatement-asked-back": _("Another person is to approve the reversal"),
    "restatement-taken-back": _("It is being reversed"),
    "in-cart": _("It is in your cart"),
    "in-hand": _("You have it in hand"),
    "put-back": _("It is back: others can take it"),
    "receiver-set": _("From the next payout on you are paid there"),
    "by-bank-again": _("From the next payout on you are paid by bank"),
    "provider-asked": _("The provider is asked in a moment"),
    "outcome-said": _("It is noted: another person confirms it"),
    "sent": _("It is noted as sent"),
    "codes-added": _("The codes are taken in"),
    "claimed": _("It is yours"),
    "refund-done": _("The points are back"),
    "refund-waiting": _("Another person approves it now"),
    "refund-asking": _("Its provider is asked to take it back"),
    "refund-withdrawn": _("It is withdrawn"),
    "send-made": _("It is a draft: look at it, then hand it in"),
    "send-submitted": _("It goes out now"),
    "send-waits": _("Another person approves it now"),
    "send-approved": _("It goes out now"),
    "payout-held": _("It is held: no run pays it until somebody lets it go on"),
    "payout-left-out": _("It is left out: the next run computes it anew"),
    "hold-released": _("It goes on: a run pays it once it is approved"),
    "bank-imported": _("The file is read: what it says is noted in a moment"),
    "bank-imported-before": _("This file was imported before: nothing happened"),
    "bank-matched": _("It is noted of the payout in a moment"),
    "bank-set-aside": _("It waits no more"),
    "signed-out": _("You are signed out"),
    "view-saved": _("The view is saved"),
    "view-removed": _("The view is removed"),
    "view-restored": _("The view is back"),
    "taken-away": _("Your badge is ready: choose as what"),
    "renumbered": _("It has its right number now"),
    "issuer-said": _("Members can take badges away"),
    "key-rotated": _("A new key signs from now on"),
    "key-stolen": _("What that key signed does not count any more"),
    "webhook-on": _("Facts are delivered there again"),
    "webhook-off": _("Nothing is delivered there for now"),
    "webhook-tried": _("It is tried: look again in a moment"),
    "webhook-removed": _("The webhook is removed"),
    "replay-asked": _("It is on its way through again"),
    "refused-sent": _("It was sent again; its receipt says what becomes of it"),
    "refused-still": _("None of it can be taken yet"),
    "discarded": _("The record is discarded"),
    "views-full": _("A page has twelve views at most: remove one first"),
    "added": _("Added"),
    "disabled": _("Disabled everywhere"),
    "enabled": _("Enabled again"),
    "revoked": _("Revoked: it stops working everywhere within moments"),
    "approved": _("Approved"),
    "goes-on": _("Approved. It goes on by itself"),
    "confirmed": _("Confirmed"),
    "withdrawn": _("Withdrawn"),
    "cancelled": _("Given up"),
    "chosen": _("The points are reserved for it"),
    "forgotten": _("The member is forgotten, in every service within moments"),
    "merged": _("They are one person now, in every service within moments"),
    "merged-before": _("Whom you looked for is merged into this member"),
    "parted": _("Both are by themselves again, in every service within moments"),
    "published": _("Published"),
    "sent-back": _("Sent back"),
    "done": _("Done"),
    "waits": _("It waits for another person"),
    "declined": _("Declined"),
    "released": _("Released: the points are there within seconds, or once another person approves it"),
    "denied": _("Denied: nobody gets them"),
    "taken-back": _("Taken back"),
    "thanked": _("Your thanks are on the wall in a moment"),
    "suggested": _("Your suggestion is on the list in a moment"),
    "voted": _("Your vote counts"),
    "vote-withdrawn": _("Your vote is withdrawn"),
    "nominated": _("Nominated: it shows in a moment"),
    "stand-said": _("Noted of your nomination"),
    "idea-moved": _("Noted: whom it concerns is told"),
    "reacted": _("Sent: it shows in a moment"),
    "draft-saved": _("The draft is saved"),
    "draft-discarded": _("The draft is discarded"),
    "proposed": _("Proposed: it waits for another person"),
    "goes-on-as-before": _("Withdrawn: what is in force goes on"),
    "withdrawal-waits": _("That it is withdrawn waits for another person"),
    "run-made": _("The run is made: it waits for another person"),
    "file-written": _("The bank file is written"),
    "noted": _("Noted"),
    "objective-set": _("Set: it holds from today on"),
    "noted-some": _("Noted of many, not of all yet: note it once more"),
    "noted-for-two": _("Noted. What makes points payable again waits for another person"),
    "handed-out": _("Handed out: the points are spent"),
    "message-goes": _("It goes in a moment"),
    "connection-on": _("Its deliveries are taken again"),
    "connection-off": _("Nothing is taken from it until it is on again"),
    "connection-removed": _("Removed: nothing is taken from it any more"),
    "mapped-again": _("Mapped again, by what the connector says now"),
    "given-back": _("Cancelled: the points are available again"),
}


def cookie(name: str, settings: Settings) -> str:
    """A cookie's name: bound to this very host and to https, where there is https."""
    return f"__Host-plaudit-{name}" if settings.is_https else f"plaudit-{name}"


Page = Callable[[Visit], Awaitable[Response]]


def page(
    handler: Page,
    *,
    scope: str | None = None,
    for_members: bool = False,
    is_for_anybody: bool = False,
    is_open: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    """A route of a page: for whoever has the scope, for members, for anybody who is signed in, or open.

    Whoever is not signed in is sent to sign in; for whoever may not see it there is no such page. A form that no
    page of this visit made is refused.
    """

    async def route(request: Request) -> Response:
        console: Console = request.app.state.console
        visit = await _visit(request, console)
        try:
            if not is_open:
                session = visit.signed_in
                is_theirs = is_for_anybody or session.is_member == for_members
                if not is_theirs or (scope is not None and not session.may(scope)):
                    raise NotFoundError
            if request.method == "POST":
                visit.form = await _form(request, visit)
            response = await handler(visit)
        except SessionOverError:
            response = await _signed_out(visit)
        except NotFoundError:
            response = visit.page("pages/not_found.html", status=404)
        except StaleFormError:
            response = visit.page("pages/stale_form.html", status=403)
        _set_cookies(response, visit)
        return response

    return route


async def no_such_page(request: Request, _: Exception) -> Response:
    """What is said of an address that leads nowhere."""
    visit = await _visit(request, request.app.state.console)
    return visit.page("pages/not_found.html", status=404)


async def broke(request: Request, error: Exception) -> Response:
    """What is said when a page broke, for a reason that nobody foresaw."""
    visit = await _visit(request, request.app.state.console)
    return visit.page("pages/broke.html", status=500)


def install_errors(app: Starlette) -> None:
    """Have the application say in its own words what is not there, and that something broke."""
    app.add_exception_handler(404, no_such_page)
    app.add_exception_handler(405, no_such_page)
    app.add_exception_handler(500, broke)


async def _visit(request: Request, console: Console) -> Visit:
    settings = console.settings
    secret = request.cookies.get(cookie("session", settings), "")
    session = await console.sessions.find(secret) if SECRET.fullmatch(secret) else None
    browser = request.cookies.get(cookie("browser", settings), "")
    theme = request.cookies.get(cookie("theme", settings))
    visit = Visit(
        request=request,
        console=console,
        session=session,
        browser=browser if SECRET.fullmatch(browser) else new_secret(),
        language=preferred(
            request.headers.get("accept-language", ""), request.cookies.get(cookie("language", settings))
        ),
        theme=theme if theme in THEMES else None,
    )
    if session is not None:
        try:
            visit.community = await console.communities.of(session.community, visit.ask)
        except SessionOverError:
            await console.sessions.end(session.secret)
            visit = replace(visit, session=None)
    if visit.session is not None and visit.session.secret != secret:
        visit.cookies[cookie("session", settings)] = (visit.session.secret, 0)
    if visit.session is None and visit.browser != browser:
        visit.cookies[cookie("browser", settings)] = (visit.browser, -1)
    return visit


async def _form(request: Request, visit: Visit) -> Mapping[str, str]:
    body = bytearray()
    try:
        async with asyncio.timeout(visit.console.settings.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > visit.console.settings.form_max_bytes:
                    raise StaleFormError
    except (TimeoutError, ClientDisconnect):
        raise StaleFormError from None
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX_COUNT))
    except ValueError:
        raise StaleFormError from None
    if not is_own_form(request) or not is_form_token(_form_secret(visit), fields.get("form_token", "")):
        raise StaleFormError
    return fields


def _form_secret(visit: Visit) -> str:
    """What forms are bound to, as long as the session is: its own secret is replaced while a form is filled in."""
    return visit.session.renewal if visit.session else visit.browser


async def _signed_out(visit: Visit) -> Response:
    if visit.session is not None:
        await visit.console.sessions.end(visit.session.secret)
    session_cookie = cookie("session", visit.console.settings)
    why = "&why=over" if visit.request.cookies.get(session_cookie) else ""
    visit.cookies[session_cookie] = ("", 0)
    back = visit.request.url.path if visit.request.method == "GET" else "/"
    return RedirectResponse(f"/sign-in?back={quote(back, safe='')}{why}", 303)


def _set_cookies(response: Response, visit: Visit) -> None:
    """Set what the visit changed: an age of 0 with a value, or −1, lasts as long as the browser is open."""
    for name, (value, seconds) in visit.cookies.items():
        response.set_cookie(
            name,
            value,
            max_age=seconds if seconds > 0 or not value else None,
            path="/",
            secure=visit.console.settings.is_https,
            httponly=True,
            samesite="lax",
        )
