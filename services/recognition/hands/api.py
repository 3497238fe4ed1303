"""What commands by hand have in common: who gives them, and what is refused."""

from services.recognition.hands.domain import Giver
from shared.http import Principal, ProblemType

NO_WORDS = ProblemType("no-words", 422, "Nothing is said in words")


def giver_of(principal: Principal) -> Giver:
    """Who gives a command."""
    return Giver(principal.person_id or None, principal.person_name)
