"""Whether colours can be told apart: the contrast ratio of WCAG 2.2.

https://www.w3.org/TR/WCAG22/#dfn-relative-luminance and #dfn-contrast-ratio
"""

from typing import Final, NamedTuple

#: Text of ordinary size on its background: success criterion 1.4.3, level AA.
TEXT_MIN_RATIO: Final = 4.5
#: What is not text and has a meaning, such as a button's border: success criterion 1.4.11, level AA.
ACCENT_MIN_RATIO: Final = 3.0


class Colours(NamedTuple):
    """Colours as `#rrggbb`: `text` on `background`, and `accent` for what is not text."""

    background: str
    text: str
    accent: str


def relative_luminance(colour: str) -> float:
    """How light a colour (`#rrggbb`, sRGB) is: black has 0, white 1."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def contrast_ratio(one: str, other: str) -> float:
    """From 1 for the same colour to 21 for black on white, whichever of the two is named first."""
    darker, lighter = sorted((relative_luminance(one), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def contrast_fault(colours: Colours) -> str | None:
    """What is wrong with the colours, or None. A ratio is compared as it is, and never rounded up to the limit."""
    for name, colour, least in (
        ("text", colours.text, TEXT_MIN_RATIO),
        ("accent", colours.accent, ACCENT_MIN_RATIO),
    ):
        ratio = contrast_ratio(colour, colours.background)
        if ratio < least:
            shown = int(ratio * 100) / 100
            return f"`{name}` on `background` has a contrast of {shown:.2f}:1, and needs {least:g}:1 to be seen"
    return None
