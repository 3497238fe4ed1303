"""What is answered where goods that are sent or ordered are not where they would have to be."""

from typing import Final

from services.rewards.fulfilment.domain import (
    FulfilmentState,
    UnderWayError,
    UnknownFulfilmentError,
    WrongFulfilmentError,
)
from shared.http import ErrorTable, Problem, ProblemType

UNDER_WAY = ProblemType("fulfilment-under-way", 409, "Somebody is at it")
UNKNOWN_FULFILMENT = ProblemType("unknown-fulfilment", 404, "Nothing is sent for it")
WRONG_FULFILMENT = ProblemType("fulfilment-not-so-far", 409, "It cannot become that from where it is")

_UNDER_WAY = {
    FulfilmentState.IN_HAND: "It is being sent and cannot be given up any more; ask whoever sends it",
    FulfilmentState.ORDERED: "It was ordered at a provider and ends as the provider answers",
    FulfilmentState.UNKNOWN: "A provider was asked and has not answered: it ends once that is known",
}

ERRORS: Final[ErrorTable] = {
    UnknownFulfilmentError: lambda error: Problem(
        UNKNOWN_FULFILMENT, f"Redemption {error.redemption_id} is of nothing that is sent or ordered"
    ),
    UnderWayError: lambda error: Problem(UNDER_WAY, _UNDER_WAY[error.state]),
    WrongFulfilmentError: lambda error: Problem(
        WRONG_FULFILMENT, f"It is {error.state}, and cannot become {error.wanted}; nothing was changed"
    ),
}
