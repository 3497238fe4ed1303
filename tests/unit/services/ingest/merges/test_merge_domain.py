"""Merges and their ends, each a fact that has all before it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.members.domain import BotBy, Dated, Marks, Member, MemberKey, NamedBy, SaidName
from services.ingest.merges.domain import (
    ONE_PERSON_MAX_COUNT,
    SPELLS_MAX_COUNT,
    Difference,
    SameMemberError,
    TooManyMergesError,
    check_room,
    differences,
    leaving,
    merged,
    unmerged,
)
from shared.merges import Merge, Spell

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA = MemberKey("c", "ada")


def member(member_id: str, *merged_ids: str, name: str | None = None, marks: Marks = Marks()) -> Member:
    said = None if name is None else SaidName(NamedBy.SELF, NOON, name)
    return Member("c", member_id, said, "forum", NOON, 1, (), marks, merged_ids=merged_ids)


def test_a_merge_after_an_end_has_what_was_before() -> None:
    first = merged(None, key=ADA, into_id="grace", now=NOON)
    ended = unmerged(first, now=NOON + HOUR)
    again = merged(ended, key=ADA, into_id="bob", now=NOON + 2 * HOUR)
    assert (first.revision, ended.revision, again.revision) == (1, 2, 3)
    assert (first.lasts, ended.lasts, again.lasts) == (True, False, True)
    assert again.spells == (Spell("grace", NOON, NOON + HOUR),)


def test_a_clock_that_is_behind_ends_nothing_before_it_began() -> None:
    first = merged(None, key=ADA, into_id="grace", now=NOON)
    ended = unmerged(first, now=NOON - HOUR)
    assert ended.unmerged_at == NOON
    assert merged(ended, key=ADA, into_id="grace", now=NOON - HOUR).merged_at == NOON


def test_whoever_was_merged_before_leaves_with_whom_it_was_merged_into() -> None:
    edges = {"a": "b", "b": "c", "d": "c", "e": "a"}
    merges = [Merge("c", one, into, NOON, 1) for one, into in edges.items()]
    assert leaving(merges, "b") == ("a", "e")
    assert leaving(merges, "d") == ()


def test_one_person_is_of_so_many_members_at_most() -> None:
    many = [f"m{number}" for number in range(ONE_PERSON_MAX_COUNT - 2)]
    check_room(member("a", *many), member("b"))
    with pytest.raises(TooManyMergesError, match=f"{ONE_PERSON_MAX_COUNT + 1} members"):
        check_room(member("a", *many), member("b", "c"))
    with pytest.raises(SameMemberError):
        check_room(member("a"), member("a"))


def test_a_member_is_merged_so_often_at_most() -> None:
    known = merged(None, key=ADA, into_id="grace", now=NOON)
    for _ in range(SPELLS_MAX_COUNT):
        known = merged(unmerged(known, now=NOON), key=ADA, into_id="grace", now=NOON)
    with pytest.raises(TooManyMergesError, match="merged 51 times"):
        merged(unmerged(known, now=NOON), key=ADA, into_id="grace", now=NOON)


def test_what_differs_is_named_with_both() -> None:
    tier = [
        Dated("attribute", "tier", NOON, NOON, "gold", "crm", travels=True),
        Dated("attribute", "tier", NOON - HOUR, NOON, "silver", "crm", travels=True),
    ]
    staff = member("b", name="Ada", marks=Marks(staff_by=BotBy.HAND))
    assert differences(member("a", name="Ada"), staff, tier, []) == [
        Difference("attribute tier", "gold", None),
        Difference("staff", None, True),
    ]
