"""Whether a member wants a card that everybody may see, and is hidden, as members.v1 tells it."""

from typing import Final, NamedTuple

from shared.contracts.facts import MemberIdentified

#: The purpose of the consent that a member gives and takes back.
PURPOSE: Final = "card"


class CardWish(NamedTuple):
    """Whether a member wants a card, and is hidden: then nobody who is one person with them has one."""

    is_wanted: bool = False
    is_hidden: bool = False


def wish_of(member: MemberIdentified) -> CardWish:
    """What was said of a card last.

    Ingest takes nothing that lies ahead: what it tells is so, by a clock that is behind, too, and a no at once.
    """
    data = member["data"]
    said = [
        (fact["since"], fact["said_at"], fact["value"])
        for fact in data.get("dated", ())
        if (fact["kind"], fact["name"]) == ("consent", PURPOSE)
    ]
    is_wanted = bool(said) and max(said, key=lambda one: one[:2])[2] is True
    return CardWish(is_wanted, "hidden" in data.get("standing", {}))
