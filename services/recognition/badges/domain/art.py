"""What a badge looks like that has no picture: an SVG of a shape, a colour and a glyph, for light and dark."""

from typing import Final
from xml.sax.saxutils import escape

from shared.contracts.programme import Art, Colour, Glyph, Shape

DEFAULT: Final = Art()
#: Of a colour: on light, on dark. Each stands out from what is behind it by 4.5 to 1.
COLOURS: Final[dict[Colour, tuple[str, str]]] = {
    "amber": ("#9a5b00", "#f5b53d"),
    "bronze": ("#8a4f24", "#d9975f"),
    "silver": ("#5b6470", "#c3cad3"),
    "gold": ("#806200", "#f0c93a"),
    "green": ("#1f6f3d", "#63c98a"),
    "teal": ("#0d6b6b", "#4fc7c4"),
    "blue": ("#1f5bb5", "#7fb0f7"),
    "violet": ("#6a3fb0", "#b89bf2"),
    "rose": ("#a82a5b", "#f28bb0"),
    "slate": ("#48535f", "#a9b6c4"),
}
#: Paths in a square of 64.
SHAPES: Final[dict[Shape, str]] = {
    "circle": "M32 4a28 28 0 1 1 0 56a28 28 0 1 1 0-56Z",
    "shield": "M32 4 56 12v20c0 14-10 23-24 28C18 55 8 46 8 32V12Z",
    "hexagon": "M32 4 56 18v28L32 60 8 46V18Z",
    "diamond": "M32 3 61 32 32 61 3 32Z",
    "rosette": ("M32 4l7 6 9-2 3 9 9 4-3 9 5 8-7 6v9l-9 1-5 8-9-3-9 3-5-8-9-1v-9l-7-6 5-8-3-9 9-4 3-9 9 2Z"),
    "square": "M14 6h36a8 8 0 0 1 8 8v36a8 8 0 0 1-8 8H14a8 8 0 0 1-8-8V14a8 8 0 0 1 8-8Z",
}
GLYPHS: Final[dict[Glyph, str]] = {
    "star": "M32 18l4.300 9 9.700 1-7 7 2 9.500-9-5-9 5 2-9.500-7-7 9.700-1Z",
    "heart": "M32 45 20 33a7.500 7.500 0 0 1 12-9 7.500 7.500 0 0 1 12 9Z",
    "bolt": "M35 17 22 35h8l-2 12 14-18h-8Z",
    "book": "M19 21c5-2 10-1 13 2 3-3 8-4 13-2v22c-5-2-10-1-13 2-3-3-8-4-13-2ZM32 23v22",
    "chat": "M19 21h26v17H32l-7 6v-6h-6Z",
    "code": "M26 25l-7 7 7 7M38 25l7 7-7 7M34 22l-4 20",
    "cup": "M24 19h16v9a8 8 0 0 1-16 0ZM24 22h-5c0 6 2 8 6 9M40 22h5c0 6-2 8-6 9M32 36v6M26 44h12",
    "flag": "M22 46V19h20l-4 7 4 7H22",
    "flame": "M32 17c2 6 10 9 10 18a10 10 0 0 1-20 0c0-4 2-7 4-8 0 3 1 5 3 5 3-3 1-9 3-15Z",
    "hand": (
        "M24 34V24a2 2 0 0 1 4 0v7-10a2 2 0 0 1 4 0v10-9a2 2 0 0 1 4 0v10-6a2 2 0 0 1 4 0v10"
        "c0 6-4 10-9 10s-7-3-11-10l4-2Z"
    ),
    "leaf": "M20 44c0-16 8-24 25-24 0 17-8 25-20 22M20 45c4-9 9-13 16-17",
    "spark": "M32 17v9M32 38v9M17 32h9M38 32h9M22 22l5 5M37 37l5 5M42 22l-5 5M27 37l-5 5",
    "check": "M20 33l8 8 16-18",
    "crown": "M19 42V25l7 7 6-11 6 11 7-7v17Z",
}


def drawing(art: Art | None, title: str, *, colour: Colour | None = None) -> str:
    """The SVG of a badge, with its title for whoever does not see it; `colour` is that of a tier."""
    art = art or DEFAULT
    light, dark = COLOURS[colour or art.colour]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-labelledby="t">'
        f'<title id="t">{escape(title)}</title>'
        f"<style>g{{color:{light}}}@media(prefers-color-scheme:dark){{g{{color:{dark}}}}}</style>"
        '<g stroke="currentColor" stroke-linejoin="round" stroke-linecap="round">'
        f'<path d="{SHAPES[art.shape]}" fill="currentColor" fill-opacity=".14" stroke-width="2.500"/>'
        f'<path d="{GLYPHS[art.glyph]}" fill="none" stroke-width="2.500"/></g></svg>'
    )
