"""Which payouts a booking may be about that nobody could match, and what speaks for each."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from services.rewards.payouts.domain import Payout, PayoutState
from services.rewards.reconciliation.domain.lines import Alike, Line, LineState
from services.rewards.reconciliation.domain.matching import run_named
from shared.bank_accounts import NAME_MAX_CHARS, UnwritableNameError, sepa_text
from shared.bank_messages.statements import Direction

#: A return comes in this time after its file, as a rule: SEPA's takes three bank days, a recall ten.
DAYS_MAX_COUNT = 30
#: As many are looked at for one line, by each of its traits.
ALIKE_MAX_COUNT = 10
_WRITTEN_OUT: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa", "ø": "oe", "Ø": "Oe"}
)
_WORD = re.compile(r"[a-z0-9]+")


class Filed(NamedTuple):
    """A payout that a bank was asked for: whom it pays, and how much; `is_open` while it has not arrived."""

    payout_id: str
    name: str
    iban: str
    amount_minor: int
    currency: str
    is_open: bool


class Candidate(NamedTuple):
    """A payout that a line may be about, and what speaks for it."""

    payout: Payout
    reasons: Sequence[str]


def may_resemble(line: Line) -> bool:
    """Whether payouts are looked for which a line resembles: it is a booking that is matched with none."""
    if line.told is None or line.state not in {LineState.UNMATCHED, LineState.UNRELATED}:
        return False
    return line.state is LineState.UNMATCHED or bool(line.begins or line.parties)


def likened(lines: Sequence[Line], filed: Sequence[Filed]) -> list[Line]:
    """Lines that may resemble payouts, with those that they do.

    What seemed to be the account's other business waits for a person when an id of ours was cut in it, or it is of
    the amount and the payee of one: of a payment out, of one that has not arrived.

    A name speaks for a payout of the amount that was booked or ordered alone: many have the same.
    """
    known = _Known.of(filed)
    found = []
    for line in lines:
        begun = [one for one in filed if line.begins and one.payout_id.replace("-", "").startswith(line.begins)]
        paid = [one for party in line.parties for one in known.by_iban.get(party.account or "", ())]
        named = known.named(line)
        if line.state is LineState.UNMATCHED or begun or any(_fits(line, one) for one in (*paid, *named)):
            alike = Alike(*(_first(ones) for ones in (begun, paid, named)))
            why = "no payout has its EndToEndId"
            found.append(replace(line, state=LineState.UNMATCHED, alike=alike, why=why))
        else:
            found.append(line)
    return found


def _fits(line: Line, one: Filed) -> bool:
    if line.currency != one.currency or one.amount_minor not in {line.amount_minor, line.instructed_minor}:
        return False
    return one.is_open or (line.told is not None and line.told.direction is Direction.CREDIT)


@dataclass(frozen=True, slots=True)
class _Known:
    """Payouts by what bookings may have of them."""

    by_iban: Mapping[str, Sequence[Filed]]
    by_amount: Mapping[tuple[int, str], Sequence[Filed]]
    spelt: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, filed: Sequence[Filed]) -> "_Known":
        by_iban: dict[str, list[Filed]] = defaultdict(list)
        by_amount: dict[tuple[int, str], list[Filed]] = defaultdict(list)
        for one in filed:
            by_iban[one.iban].append(one)
            by_amount[one.amount_minor, one.currency].append(one)
        return cls(by_iban, by_amount, {one.payout_id: _spelt(one.name) for one in filed})

    def named(self, line: Line) -> list[Filed]:
        names = {name for party in line.parties if party.name for name in _spelt(party.name)}
        return [
            one
            for amount in {line.amount_minor, line.instructed_minor}
            for one in self.by_amount.get((amount or 0, line.currency or ""), ())
            if names & self.spelt[one.payout_id]
        ]


def _first(filed: Sequence[Filed]) -> tuple[str, ...]:
    return tuple(sorted({one.payout_id for one in filed})[:ALIKE_MAX_COUNT])


def _spelt(name: str) -> frozenset[str]:
    """The ways in which banks may write a name: without marks, or with ä as ae; words in any order."""
    found = set()
    for written in (name, name.translate(_WRITTEN_OUT)):
        try:
            latin = sepa_text(written, NAME_MAX_CHARS)
        except UnwritableNameError:
            continue
        words = sorted(_WORD.findall(latin.casefold()))
        found.add(" ".join(words))
    return frozenset(found - {""})


def candidates(line: Line, payouts: Sequence[Payout], filed_on: Mapping[str, date]) -> list[Candidate]:
    """Payouts that a line may be about, those first for which most speaks; `filed_on` has their files' days."""
    found = [Candidate(payout, _reasons_for(line, payout, filed_on.get(payout.payout_id))) for payout in payouts]
    return sorted(found, key=lambda one: (-len(one.reasons), one.payout.created_at, one.payout.payout_id))


def _reasons_for(line: Line, payout: Payout, filed_on: date | None) -> list[str]:
    said = []
    if payout.payout_id in line.alike.by_id:
        said.append("the booking has the beginning of its EndToEndId")
    if line.amount_minor == payout.amount_minor:
        said.append("it is of the same amount")
    if line.instructed_minor == payout.amount_minor:
        said.append("it was ordered with the same amount")
    if payout.payout_id in line.alike.by_account:
        said.append("the booking names its payee's account")
    if payout.payout_id in line.alike.by_name:
        said.append("the booking has its payee's name")
    if run_named(line) == payout.run_id:
        said.append("the booking names its run")
    if filed_on is not None and line.booked_on is not None:
        days = (line.booked_on - filed_on).days
        if 0 <= days <= DAYS_MAX_COUNT:
            said.append(f"it was booked {days} days after its file")
    if payout.state is PayoutState.SUBMITTED:
        said.append("the bank has said nothing of it yet")
    return said
