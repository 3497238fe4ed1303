"""A community's colours as stylesheets: by day on the lighter of its two, by night on the darker."""

from collections.abc import Mapping
from typing import Final

#: What is not text is told from its ground by as much (WCAG 2.2, 1.4.11).
ACCENT_RATIO: Final = 3.0
#: Text is told from its ground by as much (WCAG 2.2, 1.4.3).
TEXT_RATIO: Final = 4.5
#: Of the grounds that pages have, the one that dark text is the hardest to read on, and the one of light text.
PAGE_BY_DAY: Final = "#eeece7"
PAGE_BY_NIGHT: Final = "#1e262a"
_OFFSET: Final = 0.05


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb, as WCAG 2.2 defines it: 0 for black, 1 for white."""
    shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + _OFFSET) / (darker + _OFFSET)


def stylesheet(colours: Mapping[str, str] | None) -> str:
    """What replaces Plaudit's own colours; nothing where the community has none.

    Text and ground change places for the other theme: their contrast is the same. The accent stays where it is
    told from the ground, and is the text's colour where it is not.
    """
    if colours is None:
        return ""
    dark, light = sorted((colours["background"], colours["text"]), key=luminance)
    by_day, by_night = (
        colours["accent"] if contrast(colours["accent"], ground) >= ACCENT_RATIO else text
        for ground, text in ((light, dark), (dark, light))
    )
    return (
        f":root {{ --ground: light-dark({light}, {dark}); --text: light-dark({dark}, {light});"
        f" --second: light-dark({dark}, {light}); --mark: light-dark({by_day}, {by_night}); }}\n"
    )


def branded(colours: Mapping[str, str] | None) -> str:
    """What gives a page of Plaudit's a community's colours: its band on top, and what can be pressed.

    Links and buttons are text: they have the accent where it can be read on the page, else the text's or the
    ground's colour where that can, and else they stay as they are.
    """
    if colours is None:
        return ""
    dark, light = sorted((colours["background"], colours["text"]), key=luminance)
    lines = [f"--look-ground: light-dark({light}, {dark});", f"--look-text: light-dark({dark}, {light});"]
    by_day, by_night = (
        next((one for one in (colours["accent"], other) if contrast(one, ground) >= TEXT_RATIO), None)
        for ground, other in ((PAGE_BY_DAY, dark), (PAGE_BY_NIGHT, light))
    )
    if by_day is not None and by_night is not None:
        pressed = f"light-dark({by_day}, {by_night})"
        lines += [f"--accent: {pressed};", f"--accent-2: {pressed};"]
        lines.append(f"--on-accent: light-dark({_readable_on(by_day)}, {_readable_on(by_night)});")
    return f":root {{ {' '.join(lines)} }}\n"


def _readable_on(ground: str) -> str:
    """Black or white, whichever is told from a ground better: of any, one of them by 4.58 at least."""
    return max("#000000", "#ffffff", key=lambda one: contrast(one, ground))
