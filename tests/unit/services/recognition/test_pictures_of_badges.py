"""What badges look like: drawn ones are whole SVGs, and of uploaded ones nothing is served but what draws."""

import io
from typing import Any, get_args
from xml.etree import ElementTree as Xml

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.recognition.badges.domain.art import COLOURS, GLYPHS, SHAPES, drawing
from shared.contracts.programme import Art, Colour, Glyph, Shape
from shared.pictures import (
    PICTURE_MAX_BYTES,
    PICTURE_SIDE_PIXELS,
    PNG,
    SVG,
    PictureError,
    cleaned_picture,
)

SVG_BEGINS = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'


def png(width: int = 300, height: int = 100, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "PNG", **options)
    return out.getvalue()


def test_every_shape_colour_and_glyph_is_drawn_and_named() -> None:
    assert (set(SHAPES), set(COLOURS), set(GLYPHS)) == tuple(map(set, map(get_args, (Shape, Colour, Glyph))))
    for shape, colour, glyph in zip(sorted(SHAPES), sorted(COLOURS), sorted(GLYPHS), strict=False):
        drawn = Xml.fromstring(drawing(Art(shape=shape, colour=colour, glyph=glyph), "Ten <b> & more"))  # noqa: S314 -- ours
        assert drawn[0].text == "Ten <b> & more"


def contrast(colour: str, behind: str) -> float:
    def light(text: str) -> float:
        parts = [int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((light(colour), light(behind)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_each_colour_stands_out_by_day_and_by_night(colour: Colour) -> None:
    by_day, by_night = COLOURS[colour]
    assert contrast(by_day, "#ffffff") >= 4.5
    assert contrast(by_night, "#1a1f24") >= 4.5


def test_a_png_is_drawn_anew_small_and_says_nothing_else() -> None:
    said = PngInfo()
    said.add_text("Comment", "planted")
    picture = cleaned_picture(png(pnginfo=said) + b"planted behind the end")
    assert picture.media_type == PNG
    assert b"planted" not in picture.content
    with Image.open(io.BytesIO(picture.content)) as found:
        assert max(found.size) == PICTURE_SIDE_PIXELS
        assert found.getpixel((1, 1)) == (255, 0, 0, 255)


def test_an_svg_is_written_anew_of_what_draws() -> None:
    picture = cleaned_picture(
        f'<?xml version="1.0"?><!-- planted -->{SVG_BEGINS}><defs><linearGradient id="a"><stop offset="1" '
        'stop-color="#f00"/></linearGradient></defs><path d="M1 1h7" fill="url(#a)"/></svg>'.encode()
    )
    assert picture.media_type == SVG
    assert b"planted" not in picture.content
    again = cleaned_picture(picture.content)
    assert again == picture
    assert again.etag == picture.etag


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"{SVG_BEGINS}><script>alert(1)</script></svg>", "an element script"),
        (f"{SVG_BEGINS} onload='alert(1)'/>", "an attribute onload"),
        (f"{SVG_BEGINS}><foreignObject/></svg>", "an element foreignObject"),
        (f"{SVG_BEGINS}><style>*{{}}</style></svg>", "an element style"),
        (f"{SVG_BEGINS}><image href='https://elsewhere.example/x.png'/></svg>", "an element image"),
        (f"{SVG_BEGINS}><use xlink:href='#a'/></svg>", "an element use"),
        (f"{SVG_BEGINS}><path xlink:href='#a'/></svg>", "an attribute href"),
        (f"{SVG_BEGINS}><path fill='url(https://elsewhere.example/#a)'/></svg>", "elsewhere"),
        (f"{SVG_BEGINS}><path fill='javascript:1'/></svg>", "script"),
        (f"{SVG_BEGINS}><path style='fill:red'/></svg>", "an attribute style"),
        (f"{SVG_BEGINS}><animate attributeName='x'/></svg>", "an element animate"),
        (f"<!DOCTYPE svg [<!ENTITY a 'b'>]>{SVG_BEGINS}/>", "declares"),
        (f"{SVG_BEGINS}><?planted?></svg>", "declares"),
        ("<html/>", "outermost element is html"),
        ("<svg/>", "namespace"),
        (f"{SVG_BEGINS}>" + "<g>" * 20 + "</g>" * 20 + "</svg>", "nested"),
        (f"{SVG_BEGINS}>" + "<g/>" * 600 + "</svg>", "elements"),
        ("no picture", "neither a PNG nor an SVG"),
        (b"\xff\xfe", "UTF-8"),
        (b"\x89PNG\r\n\x1a\nbroken", "cannot be read"),
        (b" " * (PICTURE_MAX_BYTES + 1), "bytes"),
        (png(2_000, 2_000), "pixels"),
    ],
)
def test_what_is_no_picture_to_be_served_is_refused_and_told_why(content: str | bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        cleaned_picture(content.encode() if isinstance(content, str) else content)
