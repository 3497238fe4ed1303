"""Remittances: payouts that a provider is asked to carry out, what is known of each, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from services.rewards.payouts.domain import Payout, PayoutState
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.providers.domain.orders import pause_after
from services.rewards.providers.domain.paying import PaidAnswer, PaidStanding
from shared.contracts.fields import Timestamp, Uuid

LONGEST_PAUSE: Final = timedelta(hours=1)
WATCHED_EVERY: Final = timedelta(days=1)


class Trouble(StrEnum):
    """What only people can put right."""

    #: The provider has another payment under the key.
    OTHER_ORDER = "other_order"
    #: It paid what failed or came back here, and is owed again.
    PAID_AFTER_ALL = "paid_after_all"
    #: It says that money came back which two people here found to have left.
    RETURNED_AFTER_ALL = "returned_after_all"
    #: It refuses to pay, after nobody knew whether it had.
    REFUSED_AFTER_UNKNOWN = "refused_after_unknown"
    #: Nobody knows, and the provider does not take the key for the same payment any more.
    KEY_OVER = "key_over"
    #: Whom it goes to is not known any more.
    NO_RECEIVER = "no_receiver"


#: What people do about each.
WHAT_TO_DO: Final[Mapping[Trouble, str]] = {
    Trouble.OTHER_ORDER: "Look at the provider which payment it is; then note what became of this one.",
    Trouble.PAID_AFTER_ALL: "Leave the member out of the next run, and note that the payout was corrected.",
    Trouble.RETURNED_AFTER_ALL: "Look at the provider; ask the two who corrected it.",
    Trouble.REFUSED_AFTER_UNKNOWN: "Look at the provider whether it was paid; then note what became of it.",
    Trouble.KEY_OVER: "Look at the provider whether it was paid; then note what became of it.",
    Trouble.NO_RECEIVER: "Look at the provider whether it was paid; then note what became of it.",
}


class UnknownRemittanceError(Exception):
    """No provider is asked for the payout, or there is none."""

    def __init__(self, payout_id: str) -> None:
        super().__init__(f"no provider is asked for payout {payout_id}")
        self.payout_id = payout_id


class NotCancellableError(Exception):
    """The payment cannot be taken back: the message says why."""


class RemittancePlace(NamedTuple):
    """Where a page of remittances ended."""

    created_at: Timestamp
    payout_id: Uuid


class RemittanceFilter(NamedTuple):
    """Which remittances; None for all."""

    is_open: bool | None = None
    has_trouble: bool | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Remittance:
    """A payout at a provider. `due_at` is when it is asked about next; None when there is nothing to ask.

    It was first asked for at `placed_at`; nobody knows what became of it since `unknown_since`. `words` is the
    provider's own name for its state.
    """

    community: str
    payout_id: str
    run_id: str
    provider: ProviderName
    created_at: datetime
    due_at: datetime | None
    claimed_until: datetime | None = None
    tries_count: int = 0
    placed_at: datetime | None = None
    unknown_since: datetime | None = None
    was_unknown: bool = False
    reference: str | None = None
    standing: PaidStanding | None = None
    words: str = ""
    reason: str = ""
    fee_minor: int | None = None
    blames_receiver: bool = False
    trouble: Trouble | None = None
    hinted_at: datetime | None = None
    cancel_asked_at: datetime | None = None
    watched_until: datetime | None = None

    @property
    def place(self) -> RemittancePlace:
        """Where it stands among the remittances of its community."""
        return RemittancePlace(self.created_at, self.payout_id)

    @property
    def actor(self) -> str:
        """By what the provider does something here."""
        return f"provider:{self.provider}"

    def claimed(self, *, now: datetime, until: datetime) -> "Remittance":
        """It as somebody is about to ask; who dies meanwhile leaves it to others from then on."""
        return replace(
            self, claimed_until=until, tries_count=self.tries_count + 1, placed_at=self.placed_at or now
        )

    def answered(self, answer: PaidAnswer, *, now: datetime, watch: timedelta) -> "Remittance":
        """It as its provider says that it stands, and when it is asked again."""
        watched_until = self.watched_until
        if answer.standing is PaidStanding.PAID and watched_until is None:
            watched_until = now + watch
        said = replace(
            self,
            standing=answer.standing,
            words=answer.words,
            reason=answer.reason,
            reference=answer.reference,
            fee_minor=self.fee_minor if answer.fee_minor is None else answer.fee_minor,
            blames_receiver=answer.blames_receiver,
            claimed_until=None,
            unknown_since=None,
            trouble=None,
            watched_until=watched_until,
            cancel_asked_at=None if answer.standing is not PaidStanding.SENT else self.cancel_asked_at,
        )
        return replace(said, due_at=said.next_look(now))

    def next_look(self, now: datetime) -> datetime | None:
        """When its provider is asked again: soon while it is on its way, daily while it may come back."""
        if self.standing is PaidStanding.SENT:
            return now + min(LONGEST_PAUSE, pause_after(self.tries_count))
        if self.standing is PaidStanding.PAID and self.watched_until is not None and now < self.watched_until:
            return now + WATCHED_EVERY
        return None

    def unknown(self, reason: str, *, now: datetime) -> "Remittance":
        """It as nobody knows what became of it; its provider is asked soon."""
        return replace(
            self,
            reason=reason,
            due_at=now + pause_after(self.tries_count),
            claimed_until=None,
            unknown_since=self.unknown_since or now,
            was_unknown=True,
        )

    def later(self, reason: str, *, now: datetime, after_seconds: float | None, was_placed: bool) -> "Remittance":
        """It as it is tried again later; what surely did not arrive was never asked for."""
        wait = pause_after(self.tries_count)
        if after_seconds is not None:
            wait = min(LONGEST_PAUSE, max(wait, timedelta(seconds=after_seconds)))
        placed_at = self.placed_at if was_placed or self.unknown_since is not None else None
        return replace(self, reason=reason, due_at=now + wait, claimed_until=None, placed_at=placed_at)

    def failed(self, reason: str, *, words: str, blames_receiver: bool) -> "Remittance":
        """It as its provider never will pay it: nothing is left to ask."""
        return replace(
            self,
            standing=PaidStanding.FAILED,
            words=words,
            reason=reason,
            blames_receiver=blames_receiver,
            due_at=None,
            claimed_until=None,
            unknown_since=None,
            trouble=None,
        )

    def in_trouble(self, trouble: Trouble, reason: str) -> "Remittance":
        """It as people have to put it right: nobody is asked any more."""
        return replace(self, trouble=trouble, reason=reason, due_at=None, claimed_until=None)

    def ended(self, reason: str) -> "Remittance":
        """It as nothing is left to ask: people found out what became of its payout."""
        return replace(self, reason=reason, due_at=None, claimed_until=None, unknown_since=None, trouble=None)


class Follows(NamedTuple):
    """What follows for a payout from what its provider says: the states that it reaches, or trouble."""

    states: tuple[PayoutState, ...] = ()
    trouble: Trouble | None = None


_NOTHING: Final = Follows()
_GAVE_BACK: Final = (PayoutState.RETURNED, PayoutState.FAILED, PayoutState.REVERSED)
_AFTER: Final[Mapping[PaidStanding, Mapping[PayoutState, Follows]]] = {
    PaidStanding.SENT: {PayoutState.SUBMITTED: Follows((PayoutState.SENT,))},
    PaidStanding.PAID: {
        PayoutState.SUBMITTED: Follows((PayoutState.SETTLED,)),
        PayoutState.SENT: Follows((PayoutState.SETTLED,)),
        **dict.fromkeys(_GAVE_BACK, Follows(trouble=Trouble.PAID_AFTER_ALL)),
    },
    PaidStanding.RETURNED: {
        PayoutState.SUBMITTED: Follows((PayoutState.RETURNED,)),
        PayoutState.SENT: Follows((PayoutState.RETURNED,)),
        PayoutState.SETTLED: Follows((PayoutState.REVERSED,)),
        PayoutState.CORRECTED: Follows(trouble=Trouble.RETURNED_AFTER_ALL),
    },
    PaidStanding.FAILED: {
        PayoutState.SUBMITTED: Follows((PayoutState.FAILED,)),
        PayoutState.SENT: Follows((PayoutState.FAILED,)),
        PayoutState.SETTLED: Follows((PayoutState.REVERSED,)),
        PayoutState.CORRECTED: Follows(trouble=Trouble.RETURNED_AFTER_ALL),
    },
}


def follows(payout: Payout, standing: PaidStanding) -> Follows:
    """What a payout becomes by what its provider says. What was said before, or is so, changes nothing."""
    return _AFTER[standing].get(payout.state, _NOTHING)


#: A payout that is in none of these was decided by people, whatever its provider says.
AT_PROVIDER: Final = (PayoutState.SUBMITTED, PayoutState.SENT)


def may_be_placed(payout: Payout, *, placed_at: datetime, now: datetime, key_stands: timedelta | None) -> bool:
    """Whether its provider may be asked to pay, perhaps once more: nobody gave it up, and the key still stands."""
    return payout.state in AT_PROVIDER and (key_stands is None or now < placed_at + key_stands)
