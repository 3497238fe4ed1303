"""Whether a member wants a card that everybody may see, as members.v1 tells it."""

from datetime import datetime
from typing import Final

from shared.contracts.facts import MemberIdentified

#: The purpose of the consent that a member gives and takes back.
PURPOSE: Final = "card"


def wants_card(member: MemberIdentified, now: datetime) -> bool:
    """Whether the last that was said of it, as of now, is a yes; nobody who is hidden has one."""
    data = member["data"]
    if "hidden" in data.get("standing", {}):
        return False
    said = [
        (fact["since"], fact["said_at"], fact["value"])
        for fact in data.get("dated", ())
        if (fact["kind"], fact["name"]) == ("consent", PURPOSE) and fact["since"] <= now
    ]
    return bool(said) and max(said, key=lambda one: one[:2])[2] is True
