"""Cases follow the facts until a person decides; what a person decided stays."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from services.scoring.programmes.domain.publication import Author
from services.scoring.signals.domain.cases import (
    CaseFourEyesError,
    CaseKey,
    CaseState,
    Reason,
    SignalCase,
    SignalCaseDecidedError,
    WrongReasonError,
    looked_at,
)
from services.scoring.signals.domain.suspicion import Found, Signal, scope_of
from services.scoring.signals.domain.ties import Graph, Tie, window_of, window_starts
from shared.contracts.programme import Signals

KEY = CaseKey("c", "ann", 24_000)
NOW = datetime(2026, 1, 31, tzinfo=UTC)
TERMS = Signals(hold_from_percent=90, second_person_from=100)
ADA, OMAR = (
    Author("00000000-0000-4000-8000-00000000000a", "Ada", "k"),
    Author("00000000-0000-4000-8000-00000000000b", "Omar", "k"),
)


def ring(percent: int, *givers: str) -> Found:
    return Found(Signal.RING, Fraction(percent, 100), frozenset(givers), {"members": 2})


def look(before: SignalCase | None, *found: Found, terms: Signals | None = TERMS) -> SignalCase | None:
    return looked_at(before, found, terms, key=KEY, programme_version=1, now=NOW)


def held(*found: Found) -> SignalCase:
    case = look(None, *(found or (ring(95, "bob"),)))
    assert case is not None
    return case


def test_it_comes_and_goes_with_what_is_found() -> None:
    assert look(None) is None
    assert look(None, ring(49, "bob")) is None
    marked = look(None, ring(50, "bob"))
    assert marked is not None
    assert (marked.state, marked.held) == (CaseState.MARKED, None)
    case = look(marked, ring(90, "bob"))
    assert case is not None
    assert case.held is not None
    assert (case.state, case.revision) == (CaseState.HELD, 2)
    assert (case.held.scope.covers("bob"), case.held.scope.covers("cat")) == (True, False)
    assert look(case, ring(90, "bob")) is case
    gone = look(case)
    assert gone is not None
    assert (gone.state, gone.held, gone.found) == (CaseState.GONE, None, case.found)


def test_without_a_hold_or_a_section_nothing_is_held() -> None:
    dry = look(None, ring(100, "bob"), terms=Signals())
    assert dry is not None
    assert (dry.state, dry.held) == (CaseState.MARKED, None)
    over = look(held(), terms=None)
    assert over is not None
    assert over.state is CaseState.GONE


def test_much_takes_two_and_a_reason_that_fits() -> None:
    case = held()
    with pytest.raises(WrongReasonError):
        case.released(by=ADA, now=NOW, reason=Reason.TRADED, note=None, second_person_from=None)
    with pytest.raises(WrongReasonError):
        case.denied(by=ADA, now=NOW, reason=Reason.HONEST, note=None)
    little = case.released(by=ADA, now=NOW, reason=Reason.HONEST, note=None, second_person_from=1)
    assert little.state is CaseState.RELEASED
    asked = case.released(by=ADA, now=NOW, reason=Reason.HONEST, note=None, second_person_from=0)
    assert asked.state is CaseState.RELEASE_ASKED
    assert asked.held == case.held
    with pytest.raises(CaseFourEyesError):
        asked.approved(by=ADA, now=NOW)
    given = asked.approved(by=OMAR, now=NOW)
    assert (given.state, given.held, given.reason, given.decided_by) == (
        CaseState.RELEASED,
        None,
        Reason.HONEST,
        OMAR,
    )
    # Whatever is found later: a person has looked.
    assert look(given, ring(100, "bob", "cat")) is given
    with pytest.raises(SignalCaseDecidedError):
        given.denied(by=ADA, now=NOW, reason=Reason.TRADED, note=None)
    denied = case.denied(by=ADA, now=NOW, reason=Reason.TRADED, note="seen")
    assert look(denied) is denied
    again = denied.released(by=OMAR, now=NOW, reason=Reason.HONEST, note=None, second_person_from=None)
    assert again.state is CaseState.RELEASED


def test_signals_about_the_member_hold_whatever_came() -> None:
    everything = scope_of([Found(Signal.PAYER, Fraction(1), None, {}), ring(95, "bob")], from_percent=90)
    assert everything.givers is None
    assert everything.covers(None)
    assert scope_of([ring(89, "bob")], from_percent=90).givers == frozenset()
    many = held(Found(Signal.FARM, Fraction(1), frozenset(f"p{place}" for place in range(201)), {}))
    assert many.scope.givers is None


def test_windows_follow_one_another_without_a_gap() -> None:
    first = window_starts(window_of(NOW.date()))
    assert window_of(first) == window_of(NOW.date())
    assert window_of(first.fromordinal(first.toordinal() - 1)) == window_of(first) - 1
    assert window_of(first.fromordinal(first.toordinal() + 29)) == window_of(first)


def test_whoever_is_known_by_everybody_is_in_no_ring() -> None:
    """However many write to the hub, and get an answer, one look does not go through all of them."""
    ties = [
        tie for place in range(70) for tie in (Tie("hub", f"m{place}", 9, 9, 1), Tie(f"m{place}", "hub", 9, 9, 1))
    ]
    graph = Graph()
    asked = 0
    while wanted := graph.wanted("m0", max_count=30):
        asked += len(wanted)
        graph.add(wanted, [tie for tie in ties if tie.giver in wanted or tie.receiver in wanted])
    assert graph.groups("m0", max_count=30) == []
    assert asked <= 3
