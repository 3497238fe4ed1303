"""HTTP routes of levels that ask for more than points."""

from services.recognition.levels.api import by_hand, of_member

ROUTERS = (of_member.router, by_hand.router)
