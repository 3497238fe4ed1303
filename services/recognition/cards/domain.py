"""Whether a member wants a card that everybody may see, as members.v1 tells it."""

from typing import Final

from shared.contracts.facts import MemberIdentified

#: The purpose of the consent that a member gives and takes back.
PURPOSE: Final = "card"


def wants_card(member: MemberIdentified) -> bool:
    """Whether the last that was said of it is a yes; nobody who is hidden has one.

    Ingest takes nothing that lies ahead: what it tells is so, by a clock that is behind, too, and a no at once.
    """
    data = member["data"]
    if "hidden" in data.get("standing", {}):
        return False
    said = [
        (fact["since"], fact["said_at"], fact["value"])
        for fact in data.get("dated", ())
        if (fact["kind"], fact["name"]) == ("consent", PURPOSE)
    ]
    return bool(said) and max(said, key=lambda one: one[:2])[2] is True
