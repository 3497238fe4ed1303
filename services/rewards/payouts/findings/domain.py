"""Checks of payouts by a policy (the account, a year's total, what is on file) and by a sanctions list."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from services.rewards.payouts.attestations.domain import OnFile
from services.rewards.payouts.domain import Payout, PayoutState
from services.rewards.payouts.policies.domain import PayoutPolicy
from services.rewards.payouts.sanctions.domain import ListedNames, alike, basis_of
from shared.contracts.fields import Timestamp, Uuid


class Check(StrEnum):
    """What is looked at."""

    COUNTRY = "country"
    SHARED_ACCOUNT = "shared_account"
    SANCTIONS_LIST = "sanctions_list"
    TAX_FORM = "tax_form"
    MINIMUM_AGE = "minimum_age"
    YEARLY_STOP = "yearly_stop"
    YEARLY_WARNING = "yearly_warning"

    @property
    def stops(self) -> bool:
        """Whether a payout of which it finds something waits."""
        return self is not Check.YEARLY_WARNING

    @property
    def words(self) -> str:
        """What is looked at, in words for everybody: never what was found."""
        return _WORDS[self]


_WORDS = {
    Check.COUNTRY: "the account is being checked",
    Check.SHARED_ACCOUNT: "the account is being checked",
    Check.SANCTIONS_LIST: "the account is being checked",
    Check.TAX_FORM: "a tax form is needed",
    Check.MINIMUM_AGE: "the age is being checked",
    Check.YEARLY_STOP: "the year's total is being checked",
    Check.YEARLY_WARNING: "the year's total is high",
}
#: A finding has so many entries of a list at most; what it is about is all of them.
ENTRIES_MAX_COUNT = 20
#: Payouts whose amount counts for a year: they are paid, or about to be.
COUNTED = (
    PayoutState.APPROVED,
    PayoutState.RESERVED,
    PayoutState.SUBMITTED,
    PayoutState.SENT,
    PayoutState.SETTLED,
    PayoutState.CORRECTED,
)


#: Why a payout waits whose account no key here opens: nobody can look at it, and it is looked at once one does.
UNOPENED = "held by finance: the account cannot be opened just now"


class PaidTo(NamedTuple):
    """Whom a payout goes to, as checks look at it: a name, and where the account is (None: nobody said).

    `account` says which of its person's accounts it is, and never the account itself: another is another revision.
    """

    name: str
    country: str | None
    account: str


class FindingPlace(NamedTuple):
    """Where a page of findings ended, newest first."""

    found_at: Timestamp
    payout_id: Uuid
    check: str


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings: None for all. `waits` are those that keep a payout back just now."""

    check: Check | None = None
    waits: bool | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of a payout, by which policy or list, and when; exact, for finance.

    `country` is that of the account; `total_minor` is what the person has in `year` with this payout, which is
    above `limit_minor`. `others_count` more persons have the account, and it `is_payer` where the programme pays
    from it. `minimum_age` is how old (years) they have to be, as nobody attested. `entry_ids` are those of the
    list whose names the payee's is like. Two people may let it pass for as long as its `basis` is the same: that
    is `clearance_id`.
    """

    community: str
    payout_id: str
    check: Check
    policy_id: str | None
    found_at: datetime
    country: str | None = None
    year: int | None = None
    total_minor: int | None = None
    limit_minor: int | None = None
    others_count: int | None = None
    is_payer: bool | None = None
    minimum_age: int | None = None
    list_id: str | None = None
    entry_ids: Sequence[str] = ()
    basis: str = ""
    clearance_id: str | None = None

    @property
    def keeps_back(self) -> bool:
        """Whether the payout waits for it: two people may have let it pass."""
        return self.check.stops and self.clearance_id is None

    @property
    def reason(self) -> str:
        """Why a payout waits, as its member is told too."""
        return f"held by finance: {self.check.words}"

    @property
    def place(self) -> FindingPlace:
        """Where it stands among those of its community."""
        return FindingPlace(self.found_at, self.payout_id, self.check)


@dataclass(frozen=True, slots=True)
class Found:
    """All that checks found of payouts."""

    findings: Sequence[Finding] = ()
    stopping: Mapping[str, Finding] = field(default_factory=dict)
    unopened: Collection[str] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding], *, unopened: Collection[str] = ()) -> "Found":
        """With the first finding that keeps each payout back, and the payouts that nobody can look at."""
        kept = list(findings)
        return cls(kept, {one.payout_id: one for one in reversed(kept) if one.keeps_back}, unopened)

    @property
    def reasons(self) -> dict[str, str]:
        """Why payouts are kept back, by payout, in words for everybody."""
        found = dict.fromkeys(self.unopened, UNOPENED)
        return found | {payout_id: one.reason for payout_id, one in self.stopping.items()}


class Beside(NamedTuple):
    """What is known of a payout's person: the account and its sharers, the rest of the year, what is on file."""

    paid_to: PaidTo | None = None
    others_minor: int = 0
    others_count: int = 0
    is_payer: bool = False
    on_file: OnFile = OnFile()


def findings_of(
    payout: Payout, policy: PayoutPolicy, *, beside: Beside, year: int, now: datetime
) -> Iterator[Finding]:
    """What the checks of a policy find of a payout."""
    terms = policy.terms

    def finding(check: Check, basis: str, **found: int | str) -> Finding:
        more: Any = found
        return Finding(payout.community, payout.payout_id, check, policy.policy_id, now, basis=basis, **more)

    paid_to = beside.paid_to
    if paid_to is not None and terms.countries is not None and paid_to.country not in terms.countries:
        if paid_to.country is None:
            yield finding(Check.COUNTRY, f"no country, {paid_to.account}")
        else:
            yield finding(Check.COUNTRY, paid_to.country, country=paid_to.country)
    if paid_to is not None and terms.stops_shared_accounts and (beside.others_count or beside.is_payer):
        shared = {"others_count": beside.others_count, "is_payer": beside.is_payer}
        yield finding(Check.SHARED_ACCOUNT, paid_to.account, **shared)
    total = beside.others_minor + payout.amount_minor
    for country, above in terms.tax_forms:
        is_there = paid_to is not None and paid_to.country == country
        if is_there and total > above and not beside.on_file.has_form_of(country):
            basis = f"{country} {year} {terms.currency}"
            yield finding(Check.TAX_FORM, basis, country=country, year=year, total_minor=total, limit_minor=above)
    if terms.minimum_age is not None and beside.on_file.age_years < terms.minimum_age:
        yield finding(Check.MINIMUM_AGE, f"{terms.minimum_age} years", minimum_age=terms.minimum_age)
    limits = {Check.YEARLY_STOP: terms.stop_above_minor, Check.YEARLY_WARNING: terms.warn_above_minor}
    for check, limit in limits.items():
        if limit is not None and total > limit:
            yield finding(check, f"{year} {terms.currency}", year=year, total_minor=total, limit_minor=limit)


def listed_of(payout: Payout, listed: ListedNames, *, paid_to: PaidTo | None, now: datetime) -> Iterator[Finding]:
    """That the name of a payout's payee is like one of a sanctions list: a person looks, nothing is decided."""
    if paid_to is None:
        return
    entries = alike(paid_to.name, listed.entries.get(paid_to.name, ()))
    if not entries:
        return
    ids = list(dict.fromkeys(entry.entry_id for entry in entries))[:ENTRIES_MAX_COUNT]
    # Lines move from list to list; what an entry says is what was looked at.
    said = "\n".join(sorted("\t".join(part or "" for part in entry[1:]) for entry in entries))
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    yield Finding(
        payout.community,
        payout.payout_id,
        Check.SANCTIONS_LIST,
        None,
        now,
        list_id=listed.list_id,
        entry_ids=ids,
        basis=basis_of(entries, digest=digest, account=paid_to.account),
    )
