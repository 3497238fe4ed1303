"""What finance attests of a payee: that a tax form is on file, or that they are old enough; never the contents."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.payouts.domain import Actor
from shared.contracts.fields import Timestamp, Uuid


class AttestationKind(StrEnum):
    """What is attested."""

    TAX_FORM = "tax_form"
    AGE = "age"


class UnknownAttestationError(Exception):
    """There is no such attestation."""


class TooManyAttestationsError(Exception):
    """As many hold of the member as may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"of a member {most} attestations hold at a time")
        self.most = most


class AttestationPlace(NamedTuple):
    """Where an attestation stands in the list of them: the newest first."""

    noted_at: Timestamp
    attestation_id: Uuid


@dataclass(frozen=True, slots=True)
class AttestationFilter:
    """Which attestations: None for all."""

    kind: AttestationKind | None = None
    member_id: str | None = None


class Attested(NamedTuple):
    """What somebody says they have seen.

    Of a tax form which one (`form`, empty once the member was erased, or where a restored database lacks it),
    when it came, the last day on which it holds (None for no end), and for which country it counts (None for any);
    of an age of how many years the person is at least.
    """

    kind: AttestationKind
    form: str | None = None
    received_on: date | None = None
    valid_until: date | None = None
    age_years: int | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Attestation:
    """What one person attests of a member; whoever withdraws it says that it does not hold any more."""

    community: str
    attestation_id: str
    member_id: str
    said: Attested
    noted_at: datetime
    noted_by: Actor
    withdrawn_at: datetime | None = None
    withdrawn_by: Actor | None = None

    @property
    def place(self) -> AttestationPlace:
        """Where it stands among the others."""
        return AttestationPlace(self.noted_at, self.attestation_id)

    def withdrawn(self, *, by: Actor, now: datetime) -> "Attestation":
        """It, holding no more."""
        return replace(self, withdrawn_at=now, withdrawn_by=by)


class OnFile(NamedTuple):
    """What is attested of a person on a day: for which countries a tax form holds, and of how many years they are.

    A form that counts for any country is one of None.
    """

    form_countries: frozenset[str | None] = frozenset()
    age_years: int = 0

    def has_form_of(self, country: str) -> bool:
        """Whether a tax form holds that counts for a country."""
        return not self.form_countries.isdisjoint({country, None})
