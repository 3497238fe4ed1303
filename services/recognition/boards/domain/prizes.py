"""Who wins what of a period whose results are final."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.recognition.boards.domain.kept import Cut, KeptBoard
from services.recognition.boards.domain.places import Entry
from shared.calendars import Span
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.programme import Gives, Prize

_PRIZES = prepared(UUID("9c0b8f5e-7a0d-5d7c-8a55-0f6f5a9be1d3"))


class Won(NamedTuple):
    """A prize that a member won."""

    prize_id: str
    board_id: str
    board_title: str
    span: Span
    member_id: str
    prize: str
    title: str
    rank: int
    points: int
    programme_version: int
    gives: Gives | None = None


def winners(entries: Sequence[Entry], prizes: Sequence[Prize]) -> list[tuple[Prize, Entry]]:
    """Who wins what, of entries in their order: prizes in their order, each to as many people as it says.

    Of those with the same points as the last of a prize all win it, too, or nobody else, as it says; whoever won
    one wins no other.
    """
    found: list[tuple[Prize, Entry]] = []
    begin = 0
    for prize in prizes:
        end = min(begin + prize.people, len(entries))
        while prize.tie == "all" and begin < end < len(entries) and entries[end].rank == entries[end - 1].rank:
            end += 1
        found += [(prize, entry) for entry in entries[begin:end]]
        begin = end
    return found


def may_win_beyond(entries: Sequence[Entry], prizes: Sequence[Prize]) -> bool:
    """Whether who comes right after these entries wins, should they have as many points as the last of them."""
    won = winners(entries, prizes)
    return bool(won) and won[-1][0].tie == "all" and won[-1][1] == entries[-1]


def prizes_won(board: KeptBoard, cut: Cut, entries: Sequence[Entry]) -> list[Won]:
    """The prizes of a period whose results are final; the ids follow from what they are for."""
    return [
        Won(
            uuid5_text(
                _PRIZES,
                f"{board.community}|{board.board_id}|{cut.span.starts_on}/{cut.span.ends_on}|{prize.id}"
                f"|{who.score.member_id}",
            ),
            board.board_id,
            board.declared.title,
            cut.span,
            who.score.member_id,
            prize.id,
            prize.title,
            who.rank,
            who.score.points,
            board.version,
            prize.gives,
        )
        for prize, who in winners(entries, board.declared.prizes or ())
    ]
