"""A member's card as a picture."""

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from console.components.languages import Writer, zone
from console.frame.communities import Community
from console.frame.rendering import Templates

NAME_MAX_CHARS = 24
TITLE_MAX_CHARS = 30
#: Badges that there is room for.
BADGES_SHOWN_COUNT = 6
BAR_WIDTH = 400
#: A picture that is opened by itself runs nothing and asks for nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


def card_svg(
    templates: Templates, card: Mapping[str, Any] | None, *, community: Community, language: str
) -> Response:
    """The picture of a card; of nothing an empty one with the community's name."""
    writer = Writer(language, zone(community.time_zone))
    following = (card or {}).get("next_level")
    points = max(0, (card or {}).get("points", 0))
    share = 1.0 if not following else min(1.0, points / max(1, following["points"]))
    text = templates.render(
        language,
        "pages/cards/drawing.html",
        {
            "card": card,
            "name": shortened((card or {}).get("name") or "", NAME_MAX_CHARS),
            "level": shortened((card or {}).get("level") or "", TITLE_MAX_CHARS),
            "community": shortened(community.title, TITLE_MAX_CHARS),
            "badges": (card or {}).get("badges", [])[:BADGES_SHOWN_COUNT],
            "bar": round(BAR_WIDTH * share),
            "write": writer,
            "language": language,
        },
    )
    headers = {"content-security-policy": POLICY}
    return Response(text, media_type="image/svg+xml", headers=headers)


def shortened(text: str, max_chars: int) -> str:
    """A text that fits: it ends in an ellipsis where it does not."""
    return text if len(text) <= max_chars else f"{text[: max_chars - 1].rstrip()}…"


def tag_of(content: bytes) -> str:
    """What stands for a content, so that nobody fetches it twice."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
