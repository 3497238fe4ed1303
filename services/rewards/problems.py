"""Which problem each of rewards' errors becomes when it reaches the API."""

from typing import NamedTuple

from services.rewards.approvals.domain import DecidedError, SamePersonError, Subject, TooManyWaitingError
from services.rewards.bank_checks.api import DAY_NOT_OVER, ITEM_REFUSED, UNKNOWN_ITEM
from services.rewards.bank_checks.domain import DayNotOverError, ItemRefusedError, UnknownItemError
from services.rewards.bank_messages.pain001.domain import BankFileError
from services.rewards.books.api import UNKNOWN_ACCOUNT, UNKNOWN_TRANSFER
from services.rewards.books.domain import UnknownAccountError, UnknownTransferError
from services.rewards.catalogue.api.pictures import NO_PICTURE, PICTURE_REFUSED
from services.rewards.catalogue.api.rewards import (
    CATALOGUE_FULL,
    REWARD_EXISTS,
    STALE_REWARD,
    UNKNOWN_CATALOGUE_REWARD,
    UNUSABLE_REWARD,
)
from services.rewards.catalogue.domain import (
    CatalogueFullError,
    RewardExistsError,
    StaleRewardError,
    UnknownCatalogueRewardError,
    UnknownPictureError,
    UnusableRewardError,
)
from services.rewards.chain.api import UNKNOWN_BLOCK
from services.rewards.chain.domain import UnknownBlockError
from services.rewards.clawbacks.api import (
    CLAWBACK_DECIDED,
    CLAWBACK_FOUR_EYES,
    TOO_MANY_CLAWBACKS,
    UNKNOWN_CLAWBACK_POLICY,
)
from services.rewards.clawbacks.domain import UnknownClawbackPolicyError
from services.rewards.draws.api import DRAW_OPEN, UNKNOWN_DRAW
from services.rewards.draws.domain import NotFrozenError, UnknownDrawError
from services.rewards.fulfilment import api as fulfilment
from services.rewards.general_ledger.api.models import (
    EXPORT_REFUSED,
    MAPPED_TWICE,
    MAPPING_DECIDED,
    MAPPING_FOUR_EYES,
    TOO_MANY_MAPPINGS,
    UNKNOWN_EXPORT,
    UNKNOWN_MAPPING,
    UNMAPPED,
)
from services.rewards.general_ledger.domain.exports import ExportRefusedError, UnknownExportError
from services.rewards.general_ledger.domain.mapping import (
    MappedTwiceError,
    UnknownMappingError,
    UnmappedError,
)
from services.rewards.journals.api import JOURNAL_REFUSED, UNKNOWN_JOURNAL
from services.rewards.journals.domain import JournalRefusedError, UnknownJournalError
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.ledger.domain.entries import AlteredError, UnknownMemberError
from services.rewards.liability.api.models import (
    NO_POLICY,
    OTHER_CURRENCY,
    POLICY_DECIDED,
    POLICY_FOUR_EYES,
    TOO_MANY_POLICIES,
    UNKNOWN_DAY,
    UNKNOWN_POLICY,
)
from services.rewards.liability.domain.days import UnknownDayError
from services.rewards.liability.domain.policies import (
    NoPolicyError,
    OtherCurrencyError,
    UnknownPolicyError,
)
from services.rewards.links.api import LINK_ENDS, LINK_OVER, TOO_MANY_LINKS, UNKNOWN_LINK
from services.rewards.links.domain import (
    LinkEndsError,
    LinkOverError,
    LinkState,
    OtherLinkError,
    TooManyLinksError,
    UnknownLinkError,
)
from services.rewards.lots.domain.lots import NotEnoughPointsError
from services.rewards.orders import api as orders
from services.rewards.payouts.api import UNKNOWN_PAYOUT
from services.rewards.payouts.attestations.api import TOO_MANY_ATTESTATIONS, UNKNOWN_ATTESTATION
from services.rewards.payouts.attestations.domain import TooManyAttestationsError, UnknownAttestationError
from services.rewards.payouts.clearances.api import (
    CLEARANCE_DECIDED,
    CLEARANCE_FOUR_EYES,
    NOTHING_TO_CLEAR,
    TOO_MANY_CLEARANCES,
    UNKNOWN_CLEARANCE,
)
from services.rewards.payouts.clearances.domain import NothingToClearError, UnknownClearanceError
from services.rewards.payouts.domain import UnknownPayoutError, WrongStateError
from services.rewards.payouts.four_eyes.domain import FourEyesError
from services.rewards.payouts.holds.api import PAST_STOPPING, TOO_MANY_HOLDS, UNKNOWN_HOLD
from services.rewards.payouts.holds.domain import PastStoppingError, TooManyHoldsError, UnknownHoldError
from services.rewards.payouts.outcomes.api import OUTCOME_REFUSED, UNKNOWN_OUTCOME
from services.rewards.payouts.outcomes.domain import OutcomeRefusedError, UnknownOutcomeError
from services.rewards.payouts.payees.api import INVALID_BANK_DETAILS, NO_BANK_DETAILS, UNCONFIRMED
from services.rewards.payouts.payees.domain import (
    InvalidBankDetailsError,
    NoBankDetailsError,
    UnconfirmedBankDetailsError,
)
from services.rewards.payouts.policies.api import (
    PAYOUT_POLICY_DECIDED,
    PAYOUT_POLICY_FOUR_EYES,
    TOO_MANY_PAYOUT_POLICIES,
    UNKNOWN_PAYOUT_POLICY,
)
from services.rewards.payouts.policies.domain import UnknownPayoutPolicyError
from services.rewards.payouts.receivers.api import ERRORS as RECEIVER_ERRORS
from services.rewards.payouts.remittances.api import ERRORS as REMITTANCE_ERRORS
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
from services.rewards.payouts.runs.domain.rails import NoPayableTermsError
from services.rewards.payouts.runs.domain.runs import (
    RunRefusedError,
    RunStoppedError,
    UnknownRunError,
)
from services.rewards.payouts.runs.domain.sealing import SealDiffersError
from services.rewards.payouts.sanctions.api import ERRORS as SANCTIONS_ERRORS
from services.rewards.payouts.sanctions.api import (
    SANCTIONS_LIST_DECIDED,
    SANCTIONS_LIST_FOUR_EYES,
    TOO_MANY_SANCTIONS_LISTS,
)
from services.rewards.payouts.schedules.api import (
    SCHEDULE_DECIDED,
    SCHEDULE_FOUR_EYES,
    TOO_MANY_SCHEDULES,
    UNKNOWN_SCHEDULE,
)
from services.rewards.payouts.schedules.domain import (
    ScheduleStateError,
    TooManySchedulesError,
    UnknownScheduleError,
)
from services.rewards.periods.api import NOT_SETTLED, PERIOD_REFUSED, UNKNOWN_PERIOD
from services.rewards.periods.domain import NotSettledError, PeriodRefusedError, UnknownPeriodError
from services.rewards.products.api import ERRORS as PRODUCT_ERRORS
from services.rewards.providers import api as providers
from services.rewards.quotes.api import ERRORS as QUOTE_ERRORS
from services.rewards.rates.api.models import RATE_FOUR_EYES, RATE_POLICY_DECIDED, TOO_MANY_RATE_POLICIES
from services.rewards.rates.api.problems import ERRORS as RATE_ERRORS
from services.rewards.reconciliation.api import (
    AMOUNT_DIFFERS,
    BANK_LINE_REFUSED,
    INVALID_BANK_MESSAGE,
    UNKNOWN_BANK_LINE,
    UNKNOWN_BANK_MESSAGE,
)
from services.rewards.reconciliation.domain.lines import (
    AmountDiffersError,
    LineRefusedError,
    UnknownLineError,
    UnknownMessageError,
)
from services.rewards.redemptions.api.models import (
    BUDGET_USED_UP,
    HAD_ENOUGH,
    LEVEL_TOO_LOW,
    NO_CODE,
    NOT_CANCELLABLE,
    NOT_CONFIRMABLE,
    NOT_ENOUGH_POINTS,
    NOT_FOR_MEMBER,
    NOT_RESERVED,
    NOT_THEIRS,
    OUT_OF_STOCK,
    PRICE_CHANGED,
    REWARD_LEVEL_LACKING,
    UNKNOWN_ORDER,
    UNKNOWN_REDEMPTION,
    UNKNOWN_REWARD,
)
from services.rewards.redemptions.domain import (
    HadEnoughError,
    LevelTooLowError,
    NotReservedError,
    OtherRequestError,
    OutOfStockError,
    OutsideAudienceError,
    PriceChangedError,
    RedemptionClosedError,
    RedemptionState,
    RewardLevelLackingError,
    UnknownOrderError,
    UnknownRedemptionError,
    UnknownRewardError,
)
from services.rewards.refunds.api import models as refunds
from services.rewards.sends.api.models import ERRORS as SEND_ERRORS
from services.rewards.shipping.api import models as shipping
from services.rewards.vouchers.api import (
    NO_VOUCHER,
    NO_VOUCHER_KEYS,
    TOO_MANY_CODES,
    codes_refused,
)
from services.rewards.vouchers.domain import (
    CodesRefusedError,
    NoCodeError,
    NotTheirsError,
    NoVoucherError,
    NoVoucherKeysError,
    TooManyCodesError,
)
from services.rewards.wallets.api.models import (
    TOO_MANY_MOVES,
    UNKNOWN_WALLET,
    UNKNOWN_WALLET_DECISION,
    WALLET_EXCEEDED,
    WALLET_FOUR_EYES,
    WALLET_REFUSED,
)
from services.rewards.wallets.domain.decisions import UnknownDecisionError, WalletFourEyesError
from services.rewards.wallets.domain.wallets import (
    BudgetUsedUpError,
    TooManyMovesError,
    UnknownWalletError,
    WalletExceededError,
    WalletRefusedError,
)
from services.rewards.write_offs.api import (
    TOO_MANY_WRITE_OFFS,
    UNKNOWN_WRITE_OFF,
    WRITE_OFF_DECIDED,
    WRITE_OFF_FOUR_EYES,
    WRITE_OFF_REFUSED,
)
from services.rewards.write_offs.domain import UnknownWriteOffError, WriteOffRefusedError
from shared.bank_messages.documents import MessageError
from shared.commands import KEY_REUSED
from shared.http import ErrorTable, FieldError, Problem, ProblemType
from shared.http.problem_types import UNKNOWN_MEMBER
from shared.pictures import PictureError


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


def _had_enough(error: HadEnoughError) -> Problem:
    within = "in all" if error.days is None else f"within {error.days} days"
    return Problem(HAD_ENOUGH, f"One person may have {error.count} of it {within}, and this one has them")


def _unusable(error: UnusableRewardError) -> Problem:
    return Problem(UNUSABLE_REWARD, str(error), [FieldError(field=f"/{error.field}", detail=str(error))])


def _closed(error: RedemptionClosedError) -> Problem:
    kind = NOT_CONFIRMABLE if error.wanted == RedemptionState.CONFIRMED else NOT_CANCELLABLE
    return Problem(kind, f"It is {error.state} and stays so; make a new redemption")


def _not_reserved(error: NotReservedError) -> Problem:
    detail = f"{error.reserved} points are reserved for it; nothing was changed"
    return Problem(NOT_RESERVED, detail, [FieldError(field="/points", detail=detail)])


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


def _unmapped(error: UnmappedError) -> Problem:
    said = ", ".join(f"{one.account} of {one.event} on {one.day.isoformat()}" for one in error.missing)
    detail = f"No mapping names: {said}. POST /v1/finance/account-mappings proposes one; nothing was exported"
    return Problem(UNMAPPED, detail)


def _mapped_twice(error: MappedTwiceError) -> Problem:
    detail = "This account and event are named before"
    return Problem(MAPPED_TWICE, detail, [FieldError(field=f"/accounts/{error.place}", detail=detail)])


def _decided(error: DecidedError) -> Problem:
    said = f"{str(error)[:1].upper()}{str(error)[1:]}"
    approvals = APPROVALS[error.subject]
    return Problem(approvals.decided, f"{said}. Nothing was done; propose {approvals.another}")


class Approvals(NamedTuple):
    """The problems of entries that two people put in force, and what may be proposed instead."""

    four_eyes: ProblemType
    decided: ProblemType
    too_many: ProblemType
    another: str


APPROVALS = {
    Subject.ACCOUNT_MAPPING: Approvals(MAPPING_FOUR_EYES, MAPPING_DECIDED, TOO_MANY_MAPPINGS, "another mapping"),
    Subject.LIABILITY_POLICY: Approvals(POLICY_FOUR_EYES, POLICY_DECIDED, TOO_MANY_POLICIES, "another entry"),
    Subject.CLAWBACK_POLICY: Approvals(CLAWBACK_FOUR_EYES, CLAWBACK_DECIDED, TOO_MANY_CLAWBACKS, "another entry"),
    Subject.DEBT_WRITE_OFF: Approvals(
        WRITE_OFF_FOUR_EYES, WRITE_OFF_DECIDED, TOO_MANY_WRITE_OFFS, "another write-off"
    ),
    Subject.PAYOUT_CLEARANCE: Approvals(
        CLEARANCE_FOUR_EYES, CLEARANCE_DECIDED, TOO_MANY_CLEARANCES, "another clearance"
    ),
    Subject.PAYOUT_POLICY: Approvals(
        PAYOUT_POLICY_FOUR_EYES, PAYOUT_POLICY_DECIDED, TOO_MANY_PAYOUT_POLICIES, "another entry"
    ),
    Subject.PAYOUT_SCHEDULE: Approvals(
        SCHEDULE_FOUR_EYES, SCHEDULE_DECIDED, TOO_MANY_SCHEDULES, "another schedule"
    ),
    Subject.SANCTIONS_LIST: Approvals(
        SANCTIONS_LIST_FOUR_EYES, SANCTIONS_LIST_DECIDED, TOO_MANY_SANCTIONS_LISTS, "another list"
    ),
    Subject.RATE_POLICY: Approvals(RATE_FOUR_EYES, RATE_POLICY_DECIDED, TOO_MANY_RATE_POLICIES, "another"),
}
_LINK_OVER = {
    LinkState.USED_UP: "As many people claimed it as could",
    LinkState.EXPIRED: "Its time is over",
    LinkState.REVOKED: "Whoever made it revoked it",
}


ERRORS: ErrorTable = {
    **SEND_ERRORS,
    **RATE_ERRORS,
    **SANCTIONS_ERRORS,
    **QUOTE_ERRORS,
    **PRODUCT_ERRORS,
    **RECEIVER_ERRORS,
    **REMITTANCE_ERRORS,
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
    UnknownMappingError: lambda _: Problem(
        UNKNOWN_MAPPING, "There is no such mapping here; GET /v1/finance/account-mappings lists them"
    ),
    UnknownClawbackPolicyError: lambda _: Problem(
        UNKNOWN_CLAWBACK_POLICY, "There is no such entry here; GET /v1/finance/clawback-policies lists them"
    ),
    UnknownWriteOffError: lambda error: Problem(
        UNKNOWN_WRITE_OFF, f"There is no write-off {error.write_off_id} here; GET /v1/debt-write-offs lists them"
    ),
    WriteOffRefusedError: lambda error: Problem(WRITE_OFF_REFUSED, f"{error}. Nothing was done"),
    SamePersonError: lambda error: Problem(
        APPROVALS[error.subject].four_eyes,
        f"{error} proposed it: somebody else must approve it. Nothing was done",
    ),
    DecidedError: _decided,
    TooManyWaitingError: lambda error: Problem(
        APPROVALS[error.subject].too_many, f"{error} wait already: have another person approve or withdraw some"
    ),
    MappedTwiceError: _mapped_twice,
    UnmappedError: _unmapped,
    ExportRefusedError: lambda error: Problem(EXPORT_REFUSED, f"{str(error)[:1].upper()}{str(error)[1:]}"),
    UnknownExportError: lambda error: Problem(
        UNKNOWN_EXPORT,
        f"There is no such file of export {error.number}; GET /v1/finance/journal-exports lists them",
    ),
    UnknownPolicyError: lambda _: Problem(
        UNKNOWN_POLICY, "There is no such entry here; GET /v1/finance/liability-policies lists them"
    ),
    OtherCurrencyError: lambda error: Problem(
        OTHER_CURRENCY,
        f"They are in {error.currency}, and stay so",
        [FieldError(field="/currency", detail=f"It is {error.currency} in every entry")],
    ),
    NoPolicyError: lambda error: Problem(
        NO_POLICY,
        f"No approved entry applies on {error.day.isoformat()}: POST /v1/finance/liability-policies proposes one",
    ),
    UnknownDayError: lambda error: Problem(
        UNKNOWN_DAY,
        "No day was taken yet: the first is, a minute after a day ends on which a policy entry applies"
        if error.day is None
        else f"{error.day.isoformat()} was not taken; GET /v1/finance/liability/days lists those that were",
    ),
    UnknownPeriodError: lambda error: Problem(
        UNKNOWN_PERIOD, f"The books have no month {error.month}; GET /v1/periods lists those that there are"
    ),
    PeriodRefusedError: lambda error: Problem(PERIOD_REFUSED, str(error)),
    NotSettledError: lambda _: Problem(
        NOT_SETTLED,
        "What began before is still being booked, and nothing more gets into the month: send it again in a moment",
        headers={"Retry-After": "2"},
    ),
    UnknownJournalError: lambda error: Problem(
        UNKNOWN_JOURNAL, f"There is no journal {error.journal_id} here; GET /v1/journals lists them"
    ),
    JournalRefusedError: lambda error: Problem(JOURNAL_REFUSED, str(error)),
    UnknownRewardError: _unknown_reward,
    OutsideAudienceError: _outside,
    LevelTooLowError: _too_low,
    RewardLevelLackingError: lambda error: Problem(
        REWARD_LEVEL_LACKING, f"It takes the level {error.title!r}, which the member does not have"
    ),
    HadEnoughError: _had_enough,
    UnusableRewardError: _unusable,
    UnknownCatalogueRewardError: lambda error: Problem(
        UNKNOWN_CATALOGUE_REWARD,
        f"The catalogue has no {error.reward_id!r} of its own; GET /v1/catalogue/rewards lists them",
    ),
    RewardExistsError: lambda error: Problem(
        REWARD_EXISTS, f"There is {error.reward_id!r}; PUT /v1/catalogue/rewards/{error.reward_id} changes it"
    ),
    CatalogueFullError: lambda error: Problem(
        CATALOGUE_FULL, f"It has {error.max_count}; change one that was withdrawn, or raise the setting"
    ),
    StaleRewardError: lambda error: Problem(
        STALE_REWARD,
        f"It has revision {error.now}, and the change is for {error.asked}: read it again and say what you change",
    ),
    NoVoucherError: lambda error: Problem(NO_VOUCHER, f"{error.reward_id!r} is no voucher: it takes no codes"),
    NoVoucherKeysError: lambda error: Problem(
        NO_VOUCHER_KEYS, f"Whoever operates the service sees to it: {error}"
    ),
    TooManyCodesError: lambda error: Problem(
        TOO_MANY_CODES, f"At most {error.max_count} codes of one reward wait to be given; nothing was taken in"
    ),
    CodesRefusedError: codes_refused,
    UnknownLinkError: lambda _: Problem(UNKNOWN_LINK, "It was not made here, or what was shown is not whole"),
    LinkOverError: lambda error: Problem(LINK_OVER, _LINK_OVER[error.state]),
    LinkEndsError: lambda error: Problem(
        LINK_ENDS,
        f"It ends within {error.max_days} days from now",
        [FieldError(field="/expires_at", detail=f"It ends within {error.max_days} days from now")],
    ),
    TooManyLinksError: lambda error: Problem(
        TOO_MANY_LINKS, f"{error.max_count} are open; revoke those that nobody needs"
    ),
    OtherLinkError: lambda _: Problem(
        KEY_REUSED,
        "The key made another link before",
        [FieldError(field="Idempotency-Key", detail="Use a new key")],
    ),
    NoCodeError: lambda _: Problem(NO_CODE, "No code came with it, or what it said is gone"),
    NotTheirsError: lambda _: Problem(NOT_THEIRS, "Whom it was given to signs in and sees it on their own page"),
    OutOfStockError: lambda error: Problem(
        OUT_OF_STOCK, f"All {error.title!r} are redeemed or given; nothing was reserved"
    ),
    BudgetUsedUpError: lambda _: Problem(
        BUDGET_USED_UP, "The community pays no more of it for now; nothing was reserved"
    ),
    UnknownWalletError: lambda error: Problem(
        UNKNOWN_WALLET, f"There is no wallet {error.wallet_id} here; GET /v1/wallets lists them"
    ),
    UnknownDecisionError: lambda error: Problem(
        UNKNOWN_WALLET_DECISION,
        f"There is no decision {error.decision_id} here; GET /v1/wallet-decisions lists them",
    ),
    WalletRefusedError: lambda error: Problem(WALLET_REFUSED, f"{error}. Nothing was done"),
    TooManyMovesError: lambda error: Problem(
        TOO_MANY_MOVES, f"One table takes {error.most:,}: take them from the list, a page at a time"
    ),
    WalletExceededError: lambda error: Problem(
        WALLET_EXCEEDED,
        f"{error.missing} {error.currency} are missing in the wallet {error.title!r}; nothing was done",
    ),
    WalletFourEyesError: lambda _: Problem(
        WALLET_FOUR_EYES, "You proposed it: somebody else must confirm it. Nothing was done"
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
    NotReservedError: _not_reserved,
    PriceChangedError: lambda error: Problem(
        PRICE_CHANGED, f"It costs {error.points} points by now, not {error.asked}; nothing was reserved"
    ),
    UnknownPictureError: lambda error: Problem(NO_PICTURE, f"{error.reward_id!r} has none, or is not there"),
    PictureError: lambda error: Problem(PICTURE_REFUSED, f"Nothing was changed: {error}"),
    UnknownOrderError: lambda error: Problem(UNKNOWN_ORDER, f"The member has no order {error.order_id}"),
    **refunds.ERRORS,
    **fulfilment.ERRORS,
    **shipping.ERRORS,
    **providers.ERRORS,
    **orders.ERRORS,
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
    UnknownClearanceError: lambda _: Problem(
        UNKNOWN_CLEARANCE, "There is no such clearance here; GET /v1/payout-clearances lists them"
    ),
    NothingToClearError: lambda error: Problem(NOTHING_TO_CLEAR, str(error)),
    UnknownPayoutPolicyError: lambda _: Problem(
        UNKNOWN_PAYOUT_POLICY, "There is no such entry here; GET /v1/finance/payout-policies lists them"
    ),
    UnknownItemError: lambda _: Problem(
        UNKNOWN_ITEM, "There is no such difference here; GET /v1/bank-check-items lists them"
    ),
    ItemRefusedError: lambda error: Problem(ITEM_REFUSED, str(error)),
    DayNotOverError: lambda error: Problem(DAY_NOT_OVER, str(error)),
    UnknownScheduleError: lambda _: Problem(
        UNKNOWN_SCHEDULE, "There is no such schedule here; GET /v1/payout-schedules lists them"
    ),
    ScheduleStateError: lambda error: Problem(SCHEDULE_DECIDED, str(error)),
    TooManySchedulesError: lambda error: Problem(TOO_MANY_SCHEDULES, str(error)),
    UnknownAttestationError: lambda _: Problem(
        UNKNOWN_ATTESTATION, "There is no such attestation here; GET /v1/payee-attestations lists them"
    ),
    TooManyAttestationsError: lambda error: Problem(
        TOO_MANY_ATTESTATIONS, f"Of a member {error.most} are kept, those that were withdrawn too"
    ),
    UnknownHoldError: lambda error: Problem(UNKNOWN_HOLD, f"There is no hold {error.hold_id} in this community"),
    PastStoppingError: lambda error: Problem(PAST_STOPPING, f"{str(error)[:1].upper()}{str(error)[1:]}"),
    TooManyHoldsError: lambda error: Problem(
        TOO_MANY_HOLDS, f"{error.most} holds stand, as many as may: release some first"
    ),
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
