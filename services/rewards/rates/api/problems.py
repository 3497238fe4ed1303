"""What errors of rates become in HTTP."""

from typing import Final

from services.rewards.rates.api.models import (
    INVALID_RATE_FILE,
    NO_RATE,
    NO_RATE_POLICY,
    RATE_MOVED,
    STALE_RATES,
    TOO_LARGE,
    TOO_MANY_RATE_SHEETS,
    UNKNOWN_RATE_POLICY,
    exactly,
)
from services.rewards.rates.domain.converting import NoRateError, TooLargeError
from services.rewards.rates.domain.files import RateFileError
from services.rewards.rates.domain.policies import (
    NoRatePolicyError,
    RateMovedError,
    StaleRatesError,
    TooManyRateSheetsError,
    UnknownRatePolicyError,
)
from shared.http import FieldError, Problem
from shared.http.problems import ErrorTable


def _stale(error: StaleRatesError) -> Problem:
    if error.day is None:
        return Problem(STALE_RATES, "There is no file of rates yet: POST /v1/finance/rate-files takes one")
    days = f"{error.max_age_days} day{'' if error.max_age_days == 1 else 's'}"
    return Problem(
        STALE_RATES,
        f"They are of {error.day.isoformat()}, and the policy takes none older than {days}: take a newer file, or "
        "have another policy approved",
    )


def _moved(error: RateMovedError) -> Problem:
    return Problem(
        RATE_MOVED,
        f"{error.currency} is {exactly(error.units)}, and {exactly(error.approved)} in the policy, from which "
        f"it may be {error.max_move_basis_points} hundredths of a percent away: if it is right, propose a policy "
        "with it",
    )


ERRORS: Final[ErrorTable] = {
    UnknownRatePolicyError: lambda _: Problem(
        UNKNOWN_RATE_POLICY, "There is no such policy here; GET /v1/finance/rate-policies lists them"
    ),
    TooManyRateSheetsError: lambda error: Problem(
        TOO_MANY_RATE_SHEETS, f"{error.max_count} were taken within a day; nothing was taken"
    ),
    NoRatePolicyError: lambda error: Problem(
        NO_RATE_POLICY,
        f"On {error.day.isoformat()} {error}: POST /v1/finance/rate-policies proposes one",
    ),
    StaleRatesError: _stale,
    NoRateError: lambda error: Problem(NO_RATE, f"{error.currency}: {error}"),
    RateMovedError: _moved,
    RateFileError: lambda error: Problem(
        INVALID_RATE_FILE,
        f"Nothing was taken: {error.problem}",
        [FieldError(field="", line=error.line, detail=error.problem)],
    ),
    TooLargeError: lambda error: Problem(
        TOO_LARGE,
        f"It comes to more {error.currency} than any amount here may be",
        [FieldError(field="amount_minor", detail=f"It is too large in {error.currency}")],
    ),
}
