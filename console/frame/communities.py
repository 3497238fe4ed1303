"""What communities are called and which time zone is theirs, as pages need it: asked for once in a while."""

import re
import time
from dataclasses import dataclass

from console.asking import Answer, Asking
from shared.contracts.fields import SLUG_PATTERN

KEPT_SECONDS = 60.0
KEPT_MAX_COUNT = 10_000


@dataclass(frozen=True)
class Community:
    """A community as pages speak of it. One that was not declared is called by its id, in UTC."""

    id: str = ""
    title: str = "Plaudit"
    time_zone: str = "UTC"
    currency: str = "EUR"
    #: What it shows to everybody.
    public: tuple[str, ...] = ()
    #: Whose pages may show it in a frame; known of visited ones alone.
    embed_sites: tuple[str, ...] = ()
    #: Whether it has a logo; known to whoever is signed in.
    has_logo: bool = False


class CommunityTitles:
    """The communities that pages were made for lately."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Community]] = {}

    def forget(self, community: str) -> None:
        """Ask anew at the next page: it was changed."""
        self._known.pop(community, None)

    async def of(self, community: str, ask: Asking) -> Community:
        """A community, asked for as whoever visits. What ingest does not say now is as it is by default."""
        known = self._known.get(community)
        if known is not None and time.monotonic() - known[0] < KEPT_SECONDS:
            return known[1]
        answer = await ask.get("ingest", f"/v1/communities/{community}")
        if not answer.ok:
            found = Community(community, community) if known is None else known[1]
        else:
            said = answer.body
            look = said.get("look") or {}
            name = look.get("name") or said["title"]
            public = tuple(said["public"])
            found = Community(
                community,
                name,
                said["time_zone"],
                said["currency"],
                public,
                has_logo=bool(look.get("logo_png")),
            )
        if len(self._known) >= KEPT_MAX_COUNT:
            self._known.clear()
        self._known[community] = (time.monotonic(), found)
        return found


def is_community(name: str) -> bool:
    """Whether a community may have that id: what is none is asked of nobody."""
    return re.fullmatch(SLUG_PATTERN, name) is not None


async def visited_community(ask: Asking, community: str) -> "Community | Answer":
    """A community as everybody may see it; the answer instead where there is none, or ingest says nothing."""
    answer = await ask.get("ingest", f"/v1/communities/{community}/public")
    return shown_community(answer) if answer.ok else answer


def shown_community(answer: Answer) -> Community:
    """A community by what ingest says of it to everybody."""
    said = answer.body
    return Community(
        said["id"],
        said["title"],
        said["time_zone"],
        said["currency"],
        tuple(said["public"]),
        tuple(said["embed_sites"]),
    )
