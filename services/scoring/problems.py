"""What scoring's errors become when they reach its API."""

from services.scoring.programmes.api.problems import (
    CHECK_TOO_SLOW,
    CHECKS_BUSY,
    DRAFT_CHANGED,
    DRAFT_TAKEN,
    DRAFT_TOO_LARGE,
    EFFECTIVE_FROM_REFUSED,
    EVENT_TYPES_CHANGED,
    NOT_WITHDRAWABLE,
    NOTE_MISSING,
    OTHER_PROGRAMME,
    PROGRAMME_FOUR_EYES,
    PROPOSAL_DECIDED,
    TOO_MANY_DRAFTS,
    UNKNOWN_DRAFT,
    UNKNOWN_VERSION,
)
from services.scoring.programmes.domain.declared_events import EventTypesChangedError
from services.scoring.programmes.domain.drafts import (
    DraftChangedError,
    DraftState,
    DraftTakenError,
    DraftTooLargeError,
    TooManyDraftsError,
    UnknownDraftError,
)
from services.scoring.programmes.domain.proposals import (
    ProgrammeFourEyesError,
    ProposalDecidedError,
    UnknownVersionError,
)
from services.scoring.programmes.domain.publication import (
    EffectiveFromError,
    NoteMissingError,
    NotWithdrawableError,
    OtherProgrammeError,
)
from services.scoring.programmes.handlers.checking import ChecksBusyError, CheckTooSlowError
from shared.http import ErrorTable, FieldError, Problem


def _other_programme(error: OtherProgrammeError) -> Problem:
    detail = f"It is `{error.programme_id}`; publish a new version of that, or use the key of another community"
    return Problem(OTHER_PROGRAMME, detail)


def _effective_from_refused(error: EffectiveFromError) -> Problem:
    detail = str(error)
    return Problem(EFFECTIVE_FROM_REFUSED, detail, [FieldError(field="effective_from", detail=detail)])


def _event_types_changed(error: EventTypesChangedError) -> Problem:
    errors = [FieldError(field=change.field, detail=change.detail) for change in error.changes]
    return Problem(EVENT_TYPES_CHANGED, "Nothing was published; types of events and channels only grow", errors)


def _check_too_slow(error: CheckTooSlowError) -> Problem:
    detail = f"Checking it took more than {error.seconds:g} s; write fewer conditions, or shorter ones"
    return Problem(CHECK_TOO_SLOW, detail)


def _checks_busy(_: ChecksBusyError) -> Problem:
    return Problem(CHECKS_BUSY, "Nothing was published; try again", headers={"Retry-After": "5"})


def _note_missing(_: NoteMissingError) -> Problem:
    detail = "Say in plain words what this version changes for members: `note`, of 500 characters at most"
    return Problem(NOTE_MISSING, detail, [FieldError(field="note", detail=detail)])


def _draft_changed(error: DraftChangedError) -> Problem:
    draft = error.draft
    detail = (
        f"{draft.saved_by.name} saved it at {draft.saved_at.isoformat(timespec='seconds')}; it is at revision "
        f"{draft.revision} now. Look at what it says, and send yours again with that revision"
    )
    errors = [
        FieldError(
            field="/text",
            line=one.line,
            detail=f"there: {one.theirs or '(nothing)'}; yours: {one.mine or '(nothing)'}",
        )
        for one in error.differences
    ]
    return Problem(DRAFT_CHANGED, detail, errors)


def _draft_taken(error: DraftTakenError) -> Problem:
    if error.state is DraftState.PUBLISHED:
        return Problem(DRAFT_TAKEN, f"It was published as version {error.version}; begin another draft from that")
    return Problem(
        DRAFT_TAKEN,
        f"It waits for another person as version {error.version}; withdraw that to go on with the draft",
    )


ERRORS: ErrorTable = {
    UnknownVersionError: lambda _: Problem(UNKNOWN_VERSION, "GET /v1/programmes lists the versions there are"),
    ProgrammeFourEyesError: lambda _: Problem(
        PROGRAMME_FOUR_EYES,
        "You proposed this version, by whatever key or token: another person with the scope 'programmes:approve' "
        "must approve it",
    ),
    ProposalDecidedError: lambda error: Problem(
        PROPOSAL_DECIDED, f"{str(error)[:1].upper()}{str(error)[1:]}; GET /v1/programmes says what waits"
    ),
    NotWithdrawableError: lambda error: Problem(
        NOT_WITHDRAWABLE, f"{str(error)[:1].upper()}{str(error)[1:]}; GET /v1/programmes says what is to come"
    ),
    OtherProgrammeError: _other_programme,
    EventTypesChangedError: _event_types_changed,
    EffectiveFromError: _effective_from_refused,
    NoteMissingError: _note_missing,
    UnknownDraftError: lambda _: Problem(UNKNOWN_DRAFT, "GET /v1/programme-drafts lists the drafts there are"),
    DraftChangedError: _draft_changed,
    DraftTakenError: _draft_taken,
    TooManyDraftsError: lambda error: Problem(
        TOO_MANY_DRAFTS, f"It has {error.max_count}; publish or discard one: nothing here is deleted by itself"
    ),
    DraftTooLargeError: lambda error: Problem(DRAFT_TOO_LARGE, f"A programme has at most {error.max_bytes} bytes"),
    CheckTooSlowError: _check_too_slow,
    ChecksBusyError: _checks_busy,
}
