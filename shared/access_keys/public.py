"""What of a community anybody may see: a publishable key may stand in a browser, and reads that alone."""

from collections.abc import Collection
from enum import StrEnum

from shared.access_keys.scopes import ALONE


class Public(StrEnum):
    """What of a community anybody may see without being signed in."""

    BOARDS = "boards"
    BADGES = "badges"
    NAMES = "names"
    PROGRAMME = "programme"
    FIGURES = "figures"
    CARDS = "cards"
    CELEBRATIONS = "celebrations"
    KUDOS = "kudos"
    NOMINATIONS = "nominations"


#: What a credential of nobody is called: of somebody who visits a community without one.
VISITOR_PREFIX = "visitor:"


def is_publishable(scopes: Collection[str]) -> bool:
    """Whether a key of these scopes may stand where anybody sees it."""
    return set(scopes) == ALONE
