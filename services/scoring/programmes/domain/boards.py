"""What the boards of a programme take to be kept: pure arithmetic, said before it is published."""

from typing import Final, NamedTuple

from shared.contracts.programme import Programme

#: Days of a period at least; of all time there is one.
_DAYS: Final = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}
#: Measured with a million members: a row with its two indexes, and a place in results with its two.
ROW_BYTES: Final = 270
RESULT_BYTES: Final = 150
#: Of an event whose awards amount to something: when its member reached what they have.
EVENT_BYTES: Final = 150
#: Of how many periods recognition keeps results, and of how many days for a board of all time.
RESULTS_KEPT_COUNT: Final = 60
DAYS_KEPT_COUNT: Final = 2


class BoardsKept(NamedTuple):
    """How many rows boards have at most for each member who is on all of them, and in all for results."""

    boards: int
    rows_per_member: int
    result_rows: int

    @property
    def bytes_per_member(self) -> int:
        """What the rows of a member take."""
        return self.rows_per_member * ROW_BYTES

    @property
    def bytes_per_event(self) -> int:
        """What an event takes that gives points on all: of all time for good, else until results are final."""
        return self.boards * EVENT_BYTES

    @property
    def result_bytes(self) -> int:
        """What results take."""
        return self.result_rows * RESULT_BYTES


def boards_kept(programme: Programme) -> BoardsKept:
    """What the boards of a programme take: the period under way, and those whose results are not final yet."""
    boards = programme.recognition.boards or []
    rows = results = 0
    for board in boards:
        if board.period == "all_time":
            rows += 1
            results += board.size * DAYS_KEPT_COUNT
        else:
            rows += 1 + -(-(board.freeze_after_days or 0) // _DAYS[board.period])
            results += board.size * RESULTS_KEPT_COUNT
    return BoardsKept(len(boards), rows, results)
