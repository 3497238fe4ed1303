import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.components.charts import plot, share, spark, top_of
from console.components.graphs import COLUMN_MAX_COUNT, Edge, Node, picture


@pytest.mark.parametrize(
    ("values", "top"), [([0], 1), ([3, 7], 8), ([58], 60), ([402, 538], 600), ([99_999], 100_000)]
)
def test_the_top_of_a_chart_is_a_round_number(values: list[float], top: float) -> None:
    assert top_of(values) == top


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ([13], [0, 5, 10, 15]),
        ([10], [0, 3, 6, 9, 12]),
        ([1], [0, 1]),
        ([58], [0, 20, 40, 60]),
        ([0.5, 1.5], [0, 0.5, 1, 1.5]),
    ],
)
def test_lines_of_the_grid_are_at_round_numbers_and_whole_ones_of_what_is_counted(
    values: list[float], lines: list[float]
) -> None:
    assert [value for _, value in plot(values).grid] == lines


@given(st.lists(st.integers(0, 10**7), max_size=120), st.lists(st.integers(0, 10**7), max_size=120))
def test_no_point_lies_outside_of_its_plot(values: list[float], before: list[float]) -> None:
    drawn = plot(values, before)

    assert all(0 <= x <= 100 and 18 - 1e-6 <= y <= 18 + drawn.plot_height + 1e-6 for x, y, _ in drawn.points)
    assert len(drawn.points) == len(values)
    assert len(drawn.labels) <= 7
    assert "nan" not in drawn.now.path


def test_a_line_goes_from_left_to_right_and_more_is_higher() -> None:
    assert spark([0, 10], height=24).path == "M0.0 24.0 L1000.0 0.0"


def test_a_share_stays_within_its_bar() -> None:
    assert [share(value, 10) for value in (0, 5, 20, -3)] == ["0.0%", "50.0%", "100.0%", "0.0%"]
    assert share(1, 0) == "0.0%"


def folded(count: int) -> str:
    return f"{count} more"


def test_lines_are_as_wide_as_their_points_and_lead_to_what_is_there() -> None:
    nodes = [Node("e", 0, "forum.reply.v1"), Node("a", 1, "reply"), Node("b", 1, "answered")]
    drawn = picture(
        ["Event", "Awards"], nodes, [Edge("e", "a", 30), Edge("e", "b", 3), Edge("e", "gone", 5)], folded
    )

    assert [width for _, width in drawn.edges] == pytest.approx([18.0, 3.15])
    assert [node.key for node in drawn.roots] == ["e"]
    assert [node.key for node in drawn.children["e"]] == ["a", "b"]
    places = [(one.x, one.y) for one in drawn.nodes]
    assert len(set(places)) == 3


def test_what_does_not_fit_is_one_node_that_says_how_many() -> None:
    nodes = [Node("e", 0, "event"), *(Node(f"a{number}", 1, "rule") for number in range(20))]
    drawn = picture(["Event", "Awards"], nodes, [Edge("e", node.key, 1) for node in nodes[1:]], folded)

    column = [one.node.title for one in drawn.nodes if one.node.column == 1]
    assert len(column) == COLUMN_MAX_COUNT
    assert column[-1] == "13 more"
    assert len(drawn.edges) == COLUMN_MAX_COUNT


def test_an_empty_picture_is_drawn() -> None:
    assert picture(["Event"], [], [], folded).nodes == []
