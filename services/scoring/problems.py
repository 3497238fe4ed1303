"""What scoring's errors become when they reach its API."""

from services.scoring.audiences.domain import UnknownAudienceError
from services.scoring.backtests.api import (
    BACKTEST_ENDED,
    BACKTEST_WINDOW,
    TOO_MANY_BACKTESTS,
    UNKNOWN_BACKTEST,
)
from services.scoring.backtests.domain.backtests import (
    BacktestEndedError,
    BacktestWindowError,
    TooManyBacktestsError,
    UnknownBacktestError,
)
from services.scoring.campaigns.api import UNKNOWN_CAMPAIGN
from services.scoring.campaigns.domain.books import UnknownCampaignError
from services.scoring.guidelines.api.problems import (
    APPEAL_TOO_LATE,
    CASE_DECIDED,
    NO_GUIDELINES,
    OTHER_GUIDELINES,
    OWN_CASE,
    UNKNOWN_CASE,
    UNKNOWN_CATEGORY,
    UNKNOWN_SUSPENSION,
)
from services.scoring.guidelines.domain.errors import (
    AppealTooLateError,
    CaseDecidedError,
    NoGuidelinesError,
    OtherVersionError,
    OwnCaseError,
    UnknownCaseError,
    UnknownCategoryError,
    UnknownSuspensionError,
)
from services.scoring.holds.api.routes import (
    SIGNAL_CASE_DECIDED,
    SIGNAL_FOUR_EYES,
    SIGNAL_REASON,
    UNKNOWN_SIGNAL_CASE,
)
from services.scoring.manual.api import (
    MANUAL_DECIDED,
    MANUAL_FOUR_EYES,
    NO_MANUAL_AWARDS,
    PERSONS_LIMIT,
    POINTS_BELOW_FLOOR,
    REASON_GONE,
    TOO_MANY_WAITING,
    UNKNOWN_MANUAL_AWARD,
    UNKNOWN_REASON,
)
from services.scoring.manual.domain import (
    BelowFloorError,
    ManualDecidedError,
    ManualFourEyesError,
    ManualKeyReusedError,
    NobodyThereError,
    NoManualAwardsError,
    PersonsLimitError,
    ReasonGoneError,
    TooManyWaitingError,
    UnknownManualAwardError,
    UnknownReasonError,
    WrongSignError,
)
from services.scoring.programmes.api.problems import (
    BACKTEST_MISSING,
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
    BacktestMissingError,
    EffectiveFromError,
    NoteMissingError,
    NotWithdrawableError,
    OtherProgrammeError,
)
from services.scoring.programmes.handlers.checking import ChecksBusyError, CheckTooSlowError
from services.scoring.quality.api import UNKNOWN_CONTENT
from services.scoring.quality.domain.listing import UnknownContentError
from services.scoring.restatements.api import (
    NOT_ASKED_BACK,
    RESTATED_SINCE,
    RESTATEMENT_CHANGED,
    RESTATEMENT_FOUR_EYES,
    RESTATEMENT_STEP,
    TOO_MANY_RESTATEMENTS,
    UNKNOWN_RESTATEMENT,
)
from services.scoring.restatements.domain.restatements import (
    NotAskedBackError,
    RestatedSinceError,
    RestatementChangedError,
    RestatementStepError,
    SameRestaterError,
    TooManyRestatementsError,
    UnknownRestatedVersionError,
    UnknownRestatementError,
)
from services.scoring.signals.domain.cases import (
    CaseFourEyesError,
    SignalCaseDecidedError,
    UnknownSignalCaseError,
    WrongReasonError,
)
from services.scoring.whatifs.api import EVENT_NOT_IN_LOG, LOG_UNREACHABLE
from services.scoring.whatifs.domain.trying import EventNotFoundError, LogUnreachableError
from shared.commands import KEY_REUSED
from shared.http import ErrorTable, FieldError, Problem
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_AUDIENCE, UNKNOWN_MEMBER
from shared.near_names import near_name


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


def _unknown_reason(error: UnknownReasonError) -> Problem:
    near = near_name(error.reason, error.known)
    meant = f"did you mean `{near}`?" if near else f"there are {', '.join(error.known)}"
    detail = f"There is no reason `{error.reason}`; {meant}"
    return Problem(UNKNOWN_REASON, detail, [FieldError(field="/reason", detail=detail)])


def _wrong_sign(error: WrongSignError) -> Problem:
    does = (
        "takes points: say how many as a number below 0" if error.takes else "gives points: say how many, above 0"
    )
    detail = f"The reason `{error.reason}` {does}"
    return Problem(INVALID_REQUEST, detail, [FieldError(field="/points", detail=detail)])


def _persons_limit(error: PersonsLimitError) -> Problem:
    return Problem(
        PERSONS_LIMIT,
        f"One person may give and take {error.limit} points a {error.within}, added up; {error.left} are left. "
        "Another person may, or change `manual.limit` of the programme",
    )


def _wrong_case_reason(error: WrongReasonError) -> Problem:
    detail = f"`{error.reason.value}` does not go with that; take one of {', '.join(error.known)}"
    return Problem(SIGNAL_REASON, detail, [FieldError(field="/reason", detail=detail)])


def _unknown_category(error: UnknownCategoryError) -> Problem:
    near = near_name(error.category, error.known)
    meant = f"did you mean `{near}`?" if near else f"there are {', '.join(error.known)}"
    return Problem(UNKNOWN_CATEGORY, f"There is no category `{error.category}`; {meant}")


ERRORS: ErrorTable = {
    NoGuidelinesError: lambda _: Problem(
        NO_GUIDELINES, "Publish a programme with a section `guidelines`: it says what members keep to"
    ),
    UnknownCategoryError: _unknown_category,
    UnknownCaseError: lambda _: Problem(UNKNOWN_CASE, "GET /v1/guideline-cases lists those there are"),
    CaseDecidedError: lambda error: Problem(CASE_DECIDED, f"{str(error)[:1].upper()}{str(error)[1:]}"),
    OwnCaseError: lambda error: Problem(
        OWN_CASE, f"{str(error)[:1].upper()}{str(error)[1:]}: another person must do that"
    ),
    AppealTooLateError: lambda error: Problem(
        APPEAL_TOO_LATE, f"It ended at {error.until.isoformat(timespec='seconds')}"
    ),
    OtherVersionError: lambda error: Problem(
        OTHER_GUIDELINES, f"Version `{error.version}` is in force; read that, and accept it"
    ),
    UnknownSuspensionError: lambda _: Problem(UNKNOWN_SUSPENSION, "GET /v1/suspensions lists those that last"),
    UnknownSignalCaseError: lambda _: Problem(UNKNOWN_SIGNAL_CASE, "GET /v1/signals lists those that wait"),
    SignalCaseDecidedError: lambda error: Problem(
        SIGNAL_CASE_DECIDED, f"{str(error)[:1].upper()}{str(error)[1:]}"
    ),
    CaseFourEyesError: lambda error: Problem(
        SIGNAL_FOUR_EYES, f"{error} asked for it, by whatever key: another person must do that"
    ),
    WrongReasonError: _wrong_case_reason,
    UnknownCampaignError: lambda _: Problem(UNKNOWN_CAMPAIGN, "GET /v1/campaigns lists those of the programme"),
    UnknownContentError: lambda _: Problem(
        UNKNOWN_CONTENT, "GET /v1/content/best and /v1/content/unjudged list what there is"
    ),
    BacktestMissingError: lambda error: Problem(
        BACKTEST_MISSING,
        f"This community asks for a backtest of this very text, of the last {error.days} days:"
        " POST /v1/backtests with it, and submit it once that is done",
    ),
    UnknownBacktestError: lambda _: Problem(UNKNOWN_BACKTEST, "GET /v1/backtests lists those there are"),
    BacktestEndedError: lambda error: Problem(BACKTEST_ENDED, f"It is {error.state}"),
    BacktestWindowError: lambda _: Problem(
        BACKTEST_WINDOW, "`since` comes before `until`, and before now: nothing has happened yet after that"
    ),
    TooManyBacktestsError: lambda error: Problem(
        TOO_MANY_BACKTESTS, f"{error.max_count} wait or run: cancel one, or wait until one has ended"
    ),
    UnknownRestatementError: lambda _: Problem(UNKNOWN_RESTATEMENT, "GET /v1/restatements lists those there are"),
    UnknownRestatedVersionError: lambda _: Problem(
        UNKNOWN_VERSION, "GET /v1/programmes lists the versions there are"
    ),
    RestatementStepError: lambda error: Problem(RESTATEMENT_STEP, f"It is {error.state}"),
    RestatementChangedError: lambda error: Problem(
        RESTATEMENT_CHANGED, f"Look at it again: its digest is {error.digest} now"
    ),
    SameRestaterError: lambda _: Problem(
        RESTATEMENT_FOUR_EYES, "You asked for it, by whatever key or token: another person approves it"
    ),
    NotAskedBackError: lambda _: Problem(
        NOT_ASKED_BACK, "One person asks for the reversal, with …/reverse, and another approves it"
    ),
    RestatedSinceError: lambda error: Problem(
        RESTATED_SINCE, f"Have {error.restatement_id} reversed first: it stands on what this one posted"
    ),
    TooManyRestatementsError: lambda error: Problem(
        TOO_MANY_RESTATEMENTS, f"{error.max_count} are open: cancel one, or have it approved"
    ),
    UnknownAudienceError: lambda _: Problem(
        UNKNOWN_AUDIENCE, "GET /v1/audiences lists those of the programme in force"
    ),
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
    NoManualAwardsError: lambda _: Problem(
        NO_MANUAL_AWARDS, "Publish a programme with a section `manual`: it says what for, and how many"
    ),
    UnknownReasonError: _unknown_reason,
    WrongSignError: _wrong_sign,
    PersonsLimitError: _persons_limit,
    BelowFloorError: lambda error: Problem(
        POINTS_BELOW_FLOOR, f"They have {error.points} points, and nobody is taken more than they have"
    ),
    NobodyThereError: lambda _: Problem(UNKNOWN_MEMBER, "Scoring knows of none, or they were forgotten"),
    UnknownManualAwardError: lambda _: Problem(
        UNKNOWN_MANUAL_AWARD, "GET /v1/manual-awards lists those there are"
    ),
    ManualKeyReusedError: lambda _: Problem(
        KEY_REUSED, "Use a new key for a new award, or ask for the former one"
    ),
    ReasonGoneError: lambda error: Problem(
        REASON_GONE,
        f"`{error.reason}` is no reason of it any more, or for the opposite. It goes on waiting: decline it, or "
        "publish a version that has the reason",
    ),
    ManualFourEyesError: lambda error: Problem(
        MANUAL_FOUR_EYES, f"{error} asked for it, by whatever key: another person must do that"
    ),
    ManualDecidedError: lambda error: Problem(MANUAL_DECIDED, f"{str(error)[:1].upper()}{str(error)[1:]}"),
    TooManyWaitingError: lambda error: Problem(
        TOO_MANY_WAITING, f"{error.max_count} wait already: have some approved or declined first"
    ),
    EventNotFoundError: lambda error: Problem(
        EVENT_NOT_IN_LOG,
        f"{str(error)[:1].upper()}{str(error)[1:]}: say by `received_at` when it was received",
    ),
    LogUnreachableError: lambda _: Problem(LOG_UNREACHABLE, "Ask again in a moment; nothing was changed"),
    CheckTooSlowError: _check_too_slow,
    ChecksBusyError: _checks_busy,
}
