from typing import Any

from console.components.tables import PAGE_COUNT, Filter, Listing

ROWS = [
    {"rule": "reply", "points": 3, "state": "on"},
    {"rule": "Message", "points": 10, "state": "off"},
    {"rule": "answer", "points": None, "state": "on"},
]


def listing(**said: str) -> Listing:
    return Listing.of(
        "/points",
        said,
        sorts=("rule", "points"),
        usual_sort="-points",
        filters=[Filter("state", "State", [("on", "In force"), ("off", "Over")]), Filter("word", "Rule")],
        kept=("days",),
    )


def rules(said: Listing, rows: list[dict[str, Any]] = ROWS) -> list[str]:
    return [row["rule"] for row in said.arranged(rows, text=lambda row: row["rule"]).rows]


def test_rows_are_sorted_as_the_url_says_and_else_as_usual() -> None:
    assert rules(listing()) == ["Message", "reply", "answer"]
    assert rules(listing(sort="points")) == ["answer", "reply", "Message"]
    assert rules(listing(sort="rule")) == ["answer", "Message", "reply"]
    assert rules(listing(sort="secret")) == ["Message", "reply", "answer"]


def test_rows_are_filtered_by_a_choice_and_by_words() -> None:
    assert rules(listing(state="on")) == ["reply", "answer"]
    assert rules(listing(word="MESS")) == ["Message"]
    assert rules(listing(state="on", word="x")) == []
    assert listing(state="none-of-them").chosen == {}
    assert listing(state="on").said_by("state") == ["State", "In force"]


def test_a_filter_may_have_a_usual_choice_which_is_never_said() -> None:
    state = Filter("state", "State", [("on", "In force"), ("off", "Over")], usual="on")
    chosen = [Listing.of("/x", {"state": said}, filters=[state]).chosen for said in ("on", "off", "x")]
    assert chosen == [{}, {"state": "off"}, {}]


def test_a_heading_sorts_from_the_highest_and_then_the_other_way() -> None:
    assert listing().sorted_href("rule") == "/points?sort=-rule"
    assert listing(sort="-rule").sorted_href("rule") == "/points?sort=rule"
    assert listing().sorted_href("points") == "/points?sort=points"
    assert listing(sort="points").sorted_href("points") == "/points"


def test_every_change_begins_at_the_first_rows_and_keeps_the_rest() -> None:
    said = listing(days="7", state="on", page="3", after="abc", sort="rule", evil="<script>")
    assert said.href(word="a b&c") == "/points?days=7&sort=rule&state=on&word=a+b%26c"
    assert said.cleared_href == "/points?days=7&sort=rule"
    assert said.query == "days=7&sort=rule&state=on"
    assert said.hidden == {"days": "7", "sort": "rule"}


def test_pages_are_cut_and_one_that_is_not_there_is_the_nearest() -> None:
    rows = [{"rule": f"r{n}", "points": n, "state": "on"} for n in range(2 * PAGE_COUNT + 5)]
    shown = listing(page="3").arranged(rows)
    assert (shown.first, shown.last, shown.total, shown.pages, len(shown.rows)) == (101, 105, 105, 3, 5)
    assert [listing(page=said).arranged(rows).page for said in ("0", "-1", "x", "99", "9" * 400)] == [
        1,
        1,
        1,
        3,
        1,
    ]
    empty = listing().arranged([])
    assert (empty.first, empty.last, empty.total, empty.pages) == (0, 0, 0, 1)
