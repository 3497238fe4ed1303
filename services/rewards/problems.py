"""Which problem each of rewards' errors becomes when it reaches the API."""

from services.rewards.bank_messages.pain001.domain import BankFileError
from services.rewards.books.api import UNKNOWN_ACCOUNT, UNKNOWN_TRANSFER
from services.rewards.books.domain import UnknownAccountError, UnknownTransferError
from services.rewards.chain.api import UNKNOWN_BLOCK
from services.rewards.chain.domain import UnknownBlockError
from services.rewards.draws.api import DRAW_OPEN, UNKNOWN_DRAW
from services.rewards.draws.domain import NotFrozenError, UnknownDrawError
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.ledger.domain.entries import AlteredError, UnknownMemberError
from services.rewards.lots.domain.lots import NotEnoughPointsError
from services.rewards.payouts.api import UNKNOWN_PAYOUT
from services.rewards.payouts.domain import UnknownPayoutError, WrongStateError
from services.rewards.payouts.four_eyes.domain import FourEyesError
from services.rewards.payouts.outcomes.api import OUTCOME_REFUSED, UNKNOWN_OUTCOME
from services.rewards.payouts.outcomes.domain import OutcomeRefusedError, UnknownOutcomeError
from services.rewards.payouts.payees.api import INVALID_BANK_DETAILS, NO_BANK_DETAILS, UNCONFIRMED
from services.rewards.payouts.payees.domain import (
    InvalidBankDetailsError,
    NoBankDetailsError,
    UnconfirmedBankDetailsError,
)
from services.rewards.payouts.runs.api.models import (
    FOUR_EYES,
    NO_BANK_FILE,
    NO_PAYABLE_TERMS,
    NOT_TOLD_YET,
    RUN_REFUSED,
    RUN_STOPPED,
    SEAL_DIFFERS,
    UNKNOWN_RUN,
)
from services.rewards.payouts.runs.domain.bank import NoBankFileError, NotToldYetError, ReportRefusedError
from services.rewards.payouts.runs.domain.runs import (
    NoPayableTermsError,
    RunRefusedError,
    RunStoppedError,
    UnknownRunError,
)
from services.rewards.payouts.runs.domain.sealing import SealDiffersError
from services.rewards.reconciliation.api import (
    AMOUNT_DIFFERS,
    BANK_LINE_REFUSED,
    INVALID_BANK_MESSAGE,
    UNKNOWN_BANK_LINE,
    UNKNOWN_BANK_MESSAGE,
)
from services.rewards.reconciliation.domain import (
    AmountDiffersError,
    LineRefusedError,
    UnknownLineError,
    UnknownMessageError,
)
from services.rewards.redemptions.api import (
    LEVEL_TOO_LOW,
    NOT_CANCELLABLE,
    NOT_CONFIRMABLE,
    NOT_ENOUGH_POINTS,
    NOT_FOR_MEMBER,
    OUT_OF_STOCK,
    UNKNOWN_REDEMPTION,
    UNKNOWN_REWARD,
)
from services.rewards.redemptions.domain import (
    LevelTooLowError,
    OtherRequestError,
    OutOfStockError,
    OutsideAudienceError,
    RedemptionClosedError,
    RedemptionState,
    UnknownRedemptionError,
    UnknownRewardError,
)
from shared.bank_messages.documents import MessageError
from shared.commands import KEY_REUSED
from shared.http import ErrorTable, FieldError, Problem
from shared.http.problem_types import UNKNOWN_MEMBER


def _unknown_reward(error: UnknownRewardError) -> Problem:
    detail = f"The catalogue has no {error.reward_id!r}; GET /v1/catalogue lists the rewards on offer"
    return Problem(UNKNOWN_REWARD, detail, [FieldError(field="/reward_id", detail=detail)])


def _outside(error: OutsideAudienceError) -> Problem:
    detail = f"It is for {error.title!r}, and the member is not in that audience"
    return Problem(NOT_FOR_MEMBER, detail, [FieldError(field="/reward_id", detail=detail)])


def _too_low(error: LevelTooLowError) -> Problem:
    titles = " or ".join(repr(title) for title in error.titles)
    return Problem(
        LEVEL_TOO_LOW, f"Rewards are open to members with the level {titles}, which this one does not have"
    )


def _closed(error: RedemptionClosedError) -> Problem:
    kind = NOT_CONFIRMABLE if error.wanted == RedemptionState.CONFIRMED else NOT_CANCELLABLE
    return Problem(kind, f"It is {error.state} and stays so; make a new redemption")


def _invalid_bank_details(error: InvalidBankDetailsError) -> Problem:
    errors = [FieldError(field=f"/{field}", detail=reason) for field, reason in error.reasons.items()]
    return Problem(INVALID_BANK_DETAILS, "Nothing was changed; see errors", errors)


def _unconfirmed(error: UnconfirmedBankDetailsError) -> Problem:
    question = f"{str(error)[:1].upper()}{str(error)[1:]}"
    detail = f"{question}. When it is meant so, send it again with `{error.field}: true`; nothing was changed"
    return Problem(UNCONFIRMED, detail, [FieldError(field=f"/{error.field}", detail=detail)])


def _run_refused(error: RunRefusedError | WrongStateError | BankFileError) -> Problem:
    return Problem(RUN_REFUSED, str(error))


def _report_refused(error: ReportRefusedError) -> Problem:
    errors = [
        FieldError(field=f"/payout_ids/{place}", detail=f"Payout {payout_id}: {reason}")
        for place, (payout_id, reason) in error.refused.items()
    ]
    return Problem(RUN_REFUSED, f"{errors[0].detail}. Nothing was done; see errors for each", errors)


ERRORS: ErrorTable = {
    MessageError: lambda error: Problem(INVALID_BANK_MESSAGE, f"Nothing of the file counts: {error}"),
    UnknownMessageError: lambda _: Problem(UNKNOWN_BANK_MESSAGE, "GET /v1/bank-messages lists those imported"),
    UnknownLineError: lambda _: Problem(UNKNOWN_BANK_LINE, "GET /v1/bank-lines lists those that there are"),
    LineRefusedError: lambda error: Problem(BANK_LINE_REFUSED, str(error)),
    AmountDiffersError: lambda error: Problem(
        AMOUNT_DIFFERS,
        f"{str(error).capitalize()}: when it is meant so, send it again with `confirm_amount: true`",
        [FieldError(field="/payout_id", detail=str(error))],
    ),
    UnknownMemberError: lambda error: Problem(
        UNKNOWN_MEMBER,
        f"Nothing is known of member {error.member_id}; members are those of the community's events",
    ),
    UnknownAccountError: lambda error: Problem(
        UNKNOWN_ACCOUNT, f"There is no account {error.account_id} here; GET /v1/ledger/accounts lists them"
    ),
    UnknownTransferError: lambda error: Problem(
        UNKNOWN_TRANSFER, f"There is no transfer {error.transfer_id} in this community"
    ),
    UnknownBlockError: lambda error: Problem(
        UNKNOWN_BLOCK, f"There is no block {error.number} here; GET /v1/ledger/blocks lists them"
    ),
    UnknownRewardError: _unknown_reward,
    OutsideAudienceError: _outside,
    LevelTooLowError: _too_low,
    OutOfStockError: lambda error: Problem(
        OUT_OF_STOCK, f"All {error.title!r} are redeemed or given; nothing was reserved"
    ),
    UnknownDrawError: lambda _: Problem(UNKNOWN_DRAW, "GET /v1/draws lists those that there are"),
    NotFrozenError: lambda error: Problem(
        DRAW_OPEN, f"It takes tickets until {error.closes_at.isoformat()}, and is frozen a moment later"
    ),
    UnknownRedemptionError: lambda error: Problem(
        UNKNOWN_REDEMPTION, f"There is no redemption {error.redemption_id} in this community"
    ),
    NotEnoughPointsError: lambda error: Problem(
        NOT_ENOUGH_POINTS, f"{error.missing_points} points are missing; nothing was reserved"
    ),
    RedemptionClosedError: _closed,
    OtherRequestError: lambda _: Problem(
        KEY_REUSED, "The key made a redemption of another member or reward; use a new key for a new request"
    ),
    NoBankDetailsError: lambda error: Problem(
        NO_BANK_DETAILS, f"Member {error.member_id} has none; PUT /v1/payees/{error.member_id} sets them"
    ),
    InvalidBankDetailsError: _invalid_bank_details,
    UnconfirmedBankDetailsError: _unconfirmed,
    UnknownPayoutError: lambda error: Problem(
        UNKNOWN_PAYOUT, f"There is no payout {error.payout_id} in this community"
    ),
    UnknownRunError: lambda error: Problem(
        UNKNOWN_RUN, f"There is no payout run {error.run_id} in this community"
    ),
    NoPayableTermsError: lambda error: Problem(NO_PAYABLE_TERMS, str(error)),
    FourEyesError: lambda error: Problem(FOUR_EYES, f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing was done"),
    RunStoppedError: lambda error: Problem(
        RUN_STOPPED, f"It goes no further: {error}. Cancel it, and let somebody who may make another"
    ),
    UnknownOutcomeError: lambda error: Problem(
        UNKNOWN_OUTCOME, f"There is no outcome {error.outcome_id} of that run; GET /v1/payout-outcomes lists them"
    ),
    OutcomeRefusedError: lambda error: Problem(OUTCOME_REFUSED, str(error)),
    SealDiffersError: lambda error: Problem(
        SEAL_DIFFERS, f"It is {error.seal}: look at the run again. Nothing was approved"
    ),
    AlteredError: lambda error: Problem(
        ALTERED,
        f"{error.subject[:1].upper()}{error.subject[1:]}: {error.reason}. Nothing was done; whoever operates "
        "rewards finds what to do in docs/runbooks/rows-altered.md",
    ),
    RunRefusedError: _run_refused,
    ReportRefusedError: _report_refused,
    WrongStateError: _run_refused,
    BankFileError: _run_refused,
    NotToldYetError: lambda error: Problem(
        NOT_TOLD_YET,
        f"The file of run {error.run_id} is kept back: {error}. Ask for it again in a moment",
        headers={"Retry-After": "2"},
    ),
    NoBankFileError: lambda error: Problem(
        NO_BANK_FILE,
        f"Run {error.run_id} has none in this community; POST /v1/payout-runs/{error.run_id}/file writes it",
    ),
}
