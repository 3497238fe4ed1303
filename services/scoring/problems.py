"""What scoring's errors become when they reach its API."""

from services.scoring.programmes.api.problems import EFFECTIVE_FROM_REFUSED, OTHER_PROGRAMME
from services.scoring.programmes.domain.publication import EffectiveFromError, OtherProgrammeError
from shared.http import ErrorTable, FieldError, Problem


def _other_programme(error: OtherProgrammeError) -> Problem:
    detail = f"It is `{error.programme_id}`; publish a new version of that, or use the key of another community"
    return Problem(OTHER_PROGRAMME, detail)


def _effective_from_refused(error: EffectiveFromError) -> Problem:
    detail = str(error)
    return Problem(EFFECTIVE_FROM_REFUSED, detail, [FieldError(field="effective_from", detail=detail)])


ERRORS: ErrorTable = {
    OtherProgrammeError: _other_programme,
    EffectiveFromError: _effective_from_refused,
}
