"""A case is a function of what was said in it: any order, twice, and as if what was taken back had never been."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.guidelines.domain.cases import CaseState, due_at, fold
from services.scoring.guidelines.domain.following import (
    content_void,
    lifted,
    settled,
    suspension_by_hand,
    suspension_of,
)
from services.scoring.guidelines.domain.said import Content, Kind, Word, word_of
from services.scoring.voids.domain import NOTHING_STANDS, Standing, Void, Why, content_of, strongest
from shared.contracts.programme import Guidelines, WordList
from shared.contracts.programme.listed import find_listed

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CONTENT = Content("acme", "forum", "", "post-95")
CASE = CONTENT.case_id
SECTION = Guidelines.model_validate(
    {
        "version": "1",
        "url": "https://example.org/conduct",
        "categories": [{"id": "spam", "title": "Spam", "penalty_points": 4}],
        "suspensions": [{"from_upheld": 2, "days": 7}, {"from_upheld": 4, "days": 30}],
        "platform_decisions": {"upheld": ["removed"], "dismissed": ["kept"]},
    }
)


def said(kind: Kind, name: str, minute: int, about: str = CASE, **more: Any) -> Word:
    member_id = "mal" if kind in (Kind.REPORT, Kind.DECISION) else None
    at = NOON + timedelta(minutes=minute)
    return Word("acme", name, kind, f"ref {name}", about, at, name, **({"member_id": member_id} | more))


REPORT = said(Kind.REPORT, "r", 0, category="spam")
UPHELD = said(Kind.DECISION, "d", 1, outcome="upheld")
APPEAL = said(Kind.APPEAL, "a", 2, UPHELD.ref)
WON = said(Kind.APPEAL_DECISION, "x", 3, APPEAL.ref, outcome="overturned")
IN_PART = said(Kind.APPEAL_DECISION, "y", 3, APPEAL.ref, outcome="changed")
LOST = said(Kind.APPEAL_DECISION, "z", 3, APPEAL.ref, outcome="upheld")


def state(*words: Word) -> CaseState | None:
    folded = fold(words)
    return None if folded is None else folded.state


def test_a_case_becomes_what_was_decided_last() -> None:
    assert state() is None
    assert state(REPORT) is CaseState.OPEN
    assert state(REPORT, UPHELD) is CaseState.UPHELD
    assert state(REPORT, UPHELD, APPEAL) is CaseState.APPEALED
    assert state(REPORT, UPHELD, APPEAL, WON) is CaseState.OVERTURNED
    assert state(REPORT, UPHELD, APPEAL, LOST) is CaseState.UPHELD
    dismissed = said(Kind.DECISION, "e", 4, outcome="dismissed")
    assert state(REPORT, UPHELD, dismissed) is CaseState.DISMISSED
    # What is reported after it is open again, what was reported before is not.
    later = said(Kind.REPORT, "r2", 9)
    assert state(REPORT, UPHELD, dismissed, later) is CaseState.OPEN
    assert state(REPORT, UPHELD, APPEAL, WON, later) is CaseState.OPEN
    assert state(REPORT, UPHELD, later) is CaseState.UPHELD
    gone = REPORT.__class__(**{**{name: getattr(REPORT, name) for name in REPORT.__slots__}, "is_retracted": True})
    assert state(gone) is CaseState.WITHDRAWN


def test_an_appeal_counts_until_the_decision_says() -> None:
    decision = settled(UPHELD, SECTION, version=1, category="spam", upheld_before=0)
    late = said(Kind.APPEAL, "late", 14 * 24 * 60 + 2, UPHELD.ref)
    on_time = said(Kind.APPEAL, "on time", 14 * 24 * 60 + 1, UPHELD.ref)
    assert state(REPORT, decision, late) is CaseState.UPHELD
    assert state(REPORT, decision, late, on_time) is CaseState.APPEALED
    assert state(REPORT, decision, late, replace(WON, about=late.ref)) is CaseState.UPHELD


def test_an_appeal_that_is_won_in_part_leaves_the_reversal_alone() -> None:
    decision = settled(UPHELD, SECTION, version=1, category="spam", upheld_before=1)
    assert (decision.repeat_count, decision.penalty_points, decision.suspended_days) == (2, 4, 7)
    assert decision.appeal_until == UPHELD.said_at + timedelta(days=14)
    folded = fold([REPORT, decision, APPEAL, IN_PART])
    assert folded is not None
    assert (folded.is_in_force, folded.is_punished) == (True, False)
    void, suspension = content_void(CASE, folded, CONTENT), suspension_of(decision, folded, CASE, [])
    assert void is not None
    assert suspension is not None
    assert (void.is_standing, suspension.is_standing) == (True, False)
    # Of a decision that is not the last nothing follows any more.
    again = fold([REPORT, decision, said(Kind.DECISION, "e", 5, outcome="upheld")])
    assert again is not None
    other = suspension_of(decision, again, CASE, [])
    assert other is not None
    assert not other.is_standing


def test_a_suspension_ends_when_it_was_first_lifted_and_never_before_it_began() -> None:
    ends = NOON + timedelta(days=7)
    lifts = [said(Kind.LIFT, f"l{minute}", minute, "s") for minute in (90, 30)]
    assert lifted(ends, NOON, "s", []) == ends
    assert lifted(ends, NOON, "s", lifts) == NOON + timedelta(minutes=30)
    assert lifted(None, NOON, "other", lifts) is None
    early = said(Kind.LIFT, "l", -5, "s")
    assert lifted(ends, NOON, "s", [early]) == NOON
    void = suspension_by_hand(said(Kind.SUSPENSION, "s", 0, "mal", member_id="mal"), lifts)
    assert (void.holds_at(NOON), void.holds_at(NOON + timedelta(minutes=30))) == (True, False)
    assert not void.holds_at(NOON - timedelta(seconds=1))


MINUTES = st.integers(0, 6)
OUTCOMES = {
    Kind.DECISION: ["upheld", "dismissed"],
    Kind.APPEAL_DECISION: ["upheld", "changed", "overturned"],
}


@st.composite
def conversations(draw: st.DrawFn) -> list[Word]:
    words: list[Word] = []
    abouts = {Kind.REPORT: [CASE], Kind.DECISION: [CASE], Kind.APPEAL: [], Kind.APPEAL_DECISION: []}
    answers = {Kind.DECISION: Kind.APPEAL, Kind.APPEAL: Kind.APPEAL_DECISION}
    for number in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from([kind for kind, found in abouts.items() if found]))
        word = said(
            kind,
            f"w{number}",
            draw(MINUTES),
            draw(st.sampled_from(abouts[kind])),
            outcome=draw(st.sampled_from(OUTCOMES.get(kind, [None]))),
            is_retracted=draw(st.booleans()),
        )
        words.append(word)
        if kind in answers:
            abouts[answers[kind]].append(word.ref)
    return words


@given(conversations(), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_what_was_taken_back_has_never_been(words: list[Word], random: Any) -> None:
    folded = fold(words)
    shuffled = list(words)
    random.shuffle(shuffled)
    assert fold(shuffled) == folded
    assert folded is not None
    live = fold([word for word in words if not word.is_retracted])
    if live is not None:
        assert (live.state, live.report_count, live.decision, live.ruling) == (
            folded.state,
            folded.report_count,
            folded.decision,
            folded.ruling,
        )
    # Nothing is in force but by a decision that upheld, and something waits since it was said.
    assert not folded.is_in_force or (folded.decision is not None and folded.decision.outcome == "upheld")
    assert due_at(folded, SECTION) == folded.since + timedelta(hours=72)


@given(st.integers(0, 12))
def test_suspensions_go_by_how_often_somebody_was_upheld(before: int) -> None:
    decision = settled(UPHELD, SECTION, version=1, category=None, upheld_before=before)
    assert decision.suspended_days == (0 if before < 1 else 7 if before < 3 else 30)
    assert decision.penalty_points == 0
    nothing = settled(UPHELD, None, version=None, category="spam", upheld_before=before)
    assert (nothing.penalty_points, nothing.suspended_days) == (0, 0)


def event(kind: str, **data: Any) -> Any:
    return {
        "type": f"moderation.{kind}.v1",
        "community": "acme",
        "uid": "u",
        "id": "e-1",
        "time": NOON,
        "member": "ann",
        "objectmember": "mal",
        "data": {"channel": "forum", **data},
    }


def test_platforms_words_are_of_the_content_and_of_one_another() -> None:
    reported = word_of(event("reported", object={"id": "post-95"}, category="spam"), SECTION, is_retracted=False)
    assert reported is not None
    assert (reported.about, reported.member_id, reported.category) == (CASE, "mal", "spam")
    decided = word_of(event("decided", object={"id": "post-95"}, decision="removed"), SECTION, is_retracted=False)
    appealed = word_of(event("appealed", in_reply_to={"id": "e-1"}), SECTION, is_retracted=False)
    assert decided is not None
    assert appealed is not None
    assert (decided.outcome, appealed.about) == ("upheld", decided.ref)
    # A label that the programme does not know decides nothing, nor does a report of nothing report.
    other = event("decided", object={"id": "post-95"}, decision="moved")
    assert word_of(other, SECTION, is_retracted=False) is None
    assert (
        word_of(event("decided", object={"id": "post-95"}, decision="removed"), None, is_retracted=False) is None
    )
    assert word_of(event("reported"), SECTION, is_retracted=False) is None


def test_what_is_void_is_void_for_whose_it_is_and_in_its_time() -> None:
    about = event("reported", object={"id": "post-95"})
    assert content_of(about) == CASE
    void = Void("acme", CASE, Why.UPHELD, "mel", content_id=CASE)
    spell = Void("acme", "s", Why.SUSPENDED, "mal", starts_at=NOON, ends_at=NOON + timedelta(hours=1))
    standing = Standing({("acme", CASE): [void]}, {("acme", "mal"): [spell]}, {("acme", "mel"): "mal"})
    # Mel is one person with Mal.
    assert [one.why for one in standing.over(about, "mel", NOON)] == [Why.UPHELD, Why.SUSPENDED]
    assert [one.why for one in standing.over(about, "mal", NOON - timedelta(minutes=1))] == [Why.UPHELD]
    assert standing.over(about, "ann", NOON) == []
    assert NOTHING_STANDS.over(about, "mal", NOON) == []
    assert strongest([Why.SUSPENDED, Why.UPHELD]) is Why.UPHELD
    assert strongest([]) is None


def test_listed_words_are_found_as_wholes_whatever_their_case() -> None:
    lists = [WordList(language="en", category="rude", words=["idiot", "go away"])]
    assert find_listed("An IDIOT!", lists) == ("rude", "idiot")
    assert find_listed("idiot99", lists) == ("rude", "idiot")
    assert find_listed("Go-away", lists) == ("rude", "go away")
    assert find_listed("Idiotic away go", lists) is None
    assert find_listed("\uff49diot", lists) == ("rude", "idiot")
    assert find_listed("Ada", []) is None
    # What nobody sees hides no word: zero-width signs, soft hyphens, what turns the direction, a dotted capital.
    for hidden in ("id\u200biot", "i\u00addiot", "\u202eidiot", "id\u2060i\ufeffot", "\u0130D\u0130OT"):
        assert find_listed(hidden, lists) == ("rude", "idiot")
    # A letter with an accent is another letter: a year is none of its own.
    assert find_listed("a\u00f1o", [WordList(language="es", category="rude", words=["ano"])]) is None
