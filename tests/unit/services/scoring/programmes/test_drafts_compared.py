"""What two have written differently: by the line, and soon, whatever they wrote."""

from time import process_time

from services.scoring.programmes.domain.drafts import Difference, differences

#: What a processor may take for it, of one that is three times slower.
SOON_SECONDS = 1.5


def test_what_differs_is_said_by_the_line() -> None:
    assert list(differences("a\nb\nc\nd", "a\nx\nc\ny")) == [Difference(2, "b", "x"), Difference(4, "d", "y")]


def test_lines_that_repeat_hold_nobody_up() -> None:
    # Two lines by turns, and each of them twice: to align them took four seconds, with the draft locked.
    mine = "\n".join("ab"[number % 2] for number in range(1_000))
    theirs = "\n".join(["x", *("ba"[number // 2 % 2] for number in range(998)), "y"])
    started = process_time()
    assert list(differences(mine, theirs)) == [Difference(1, "1000 lines", "1000 lines")]
    # As many equal ones as are aligned.
    mine = "\n".join("ab"[number % 2] if number % 5 == 0 else f"{number}" for number in range(950))
    theirs = "\n".join(
        ["x", *("ba"[number // 2 % 2] if number % 5 == 0 else f"{-number}" for number in range(950))]
    )
    found = list(differences(mine, theirs))
    assert len(found) > 5
    assert process_time() - started < SOON_SECONDS
