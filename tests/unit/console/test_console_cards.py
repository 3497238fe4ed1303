"""A member's card as a picture: one that XML can read, whatever is in a name, and in which nothing overlaps."""

from typing import Any

import pytest
from lxml import etree

from console.frame.communities import Community
from console.frame.rendering import Templates
from console.frame.static import load_static
from console.pages.cards.drawing import DIGIT_WIDTH, POINTS_X, card_svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(name: str, points: int = 50) -> etree._Element:
    card: dict[str, Any] = {"name": name, "points": points, "level": "Guide\x00", "badges": ["First\x0b"]}
    card |= {"next_level": None, "badges_count": 1, "is_shown": True}
    answer = card_svg(Templates(load_static()), card, community=Community("acme", "Ac\ufffeme"), language="en")
    return etree.fromstring(bytes(answer.body))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\ufffeb\uffffc\x00d\x0be\x1f", "abcde"),
        ('"><script>x()</script>', '"><script>x()</script>'),
        ("&amp;]]><", "&amp;]]><"),
        ("\N{CUNEIFORM SIGN LUGAL OPPOSING LUGAL}", "\N{CUNEIFORM SIGN LUGAL OPPOSING LUGAL}"),
    ],
)
def test_a_picture_is_one_whatever_a_name_has_in_it(name: str, shown: str) -> None:
    picture = drawn(name)
    assert shown in [text.text for text in picture.iter(f"{SVG}text")]
    assert not list(picture.iter(f"{SVG}script"))
    assert "Acme." in str(picture.findtext(f"{SVG}desc"))


@pytest.mark.parametrize("points", [0, 50, 1_234_567])
def test_a_wide_name_ends_before_the_points(points: int) -> None:
    picture = drawn("W" * 24, points)
    named = next(
        part
        for part in picture.iter(f"{SVG}svg")
        if "W" in str(part.findtext(f"{SVG}text")) and part.get("x") == "76"
    )
    # A picture within a picture shows nothing beyond its own bounds.
    ends_at = int(named.attrib["x"]) + int(named.attrib["width"])
    assert 200 <= ends_at < POINTS_X - DIGIT_WIDTH * len(str(points))
