"""Boards are those of the version in force; their numbers are added up, and periods that are over have results."""

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from typing import cast

from services.recognition.boards.domain.kept import (
    Cut,
    KeptBoard,
    counts_alike,
    next_cut,
    next_span,
    span_before,
    span_of,
)
from services.recognition.boards.domain.places import Entry, Place, ranked
from services.recognition.boards.domain.prizes import Won, may_win_beyond, prizes_won
from services.recognition.boards.handlers.following import (
    add_parked,
    apply_suspensions,
    calendar_of,
    fill,
)
from services.recognition.boards.store import counting, kept, parked, reading, scores
from services.recognition.metrics import BOARD_CHANGES, BOARD_CUTS, BOARD_PRIZES, TURNS_GIVEN_UP
from services.recognition.thresholds import handlers as thresholds
from services.recognition.thresholds import store as thresholds_store
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import TOOK_TOO_LONG, Work
from shared.calendars import Span
from shared.contracts.facts import (
    PRIZE_WON,
    RECOGNITION_FACT,
    GivesData,
    PrizeData,
    ProgrammePublished,
    RecognitionFact,
)
from shared.contracts.programme import Board
from shared.followed_communities import load_calendar
from shared.own_facts import ReadBack
from shared.topics import RECOGNITION
from shared.transaction import Transaction

log = logging.getLogger(__name__)

KEEP_EVERY_SECONDS = 1.0
#: Members who begin on a board in one transaction, for which awards of the community wait.
FILLED_PIECE_COUNT = 2_000
PURGED_PIECE_COUNT = 10_000
#: Changes that are added up in one transaction.
FOLDED_PIECE_COUNT = 20_000
#: Periods of which a board keeps results; of one of all time the last days, to see who moved.
RESULTS_KEPT_COUNT = 60
DAYS_KEPT_COUNT = 2
#: Members beyond a board's size who win because they tie with the last winner.
TIED_BEYOND_SIZE_MAX_COUNT = 1_000
#: A calendar may change: what is due is looked for this often, whatever was worked out before.
_LOOKED_AT_EVERY = timedelta(hours=1)


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember what programmes ask for, put those that are due in force, and keep their boards.

    What takes too long for a community is left to the timers, as what is due later is.
    """
    await thresholds.remember(tx, programmes)
    for community in sorted({fact["community"] for fact in programmes}):
        try:
            async with tx.part():
                await thresholds_store.put_due_in_force(tx.conn, communities=[community], now=tx.now)
                while await _declare(tx, community, fills=False):
                    pass
        except TOOK_TOO_LONG:
            log.exception("the programme of %s took too long to put in force", community)
            TURNS_GIVEN_UP.labels(Work.BOARDS).inc()


async def fold_boards(tx: Transaction) -> bool:
    """Add up how many members have how many points; a timer calls this while it returns True.

    Of all communities at once, as no statement of it ends for what one of them has: it takes so many rows that
    nobody else takes, sums of members, and each names a number that is one row on each level. The numbers are
    locked in one order by whoever adds up, and by nobody else while there are changes of them (`kept.purge`). By
    turns a thousand communities would cost a thousand transactions a second.
    """
    folded = await counting.fold(tx.conn, limit_count=FOLDED_PIECE_COUNT)
    BOARD_CHANGES.inc(folded)
    return folded == FOLDED_PIECE_COUNT


async def keep_boards(tx: Transaction) -> bool:
    """Bring boards in line with programmes and time, in pieces; a timer calls this while it returns True.

    A community a transaction: so its locks are taken in one order, whoever else waits.
    """
    due = await thresholds_store.load_due_in_force(tx.conn, now=tx.now)
    waiting = await kept.load_waiting(tx.conn, now=tx.now)
    begun = await scores.load_begun(tx.conn)

    async def work(kind: Work, community: str) -> bool:
        match kind:
            case Work.SHOWN:
                await thresholds_store.lock_programmes_and_merges(tx.conn, communities=[community])
                await apply_suspensions(tx, communities=[community])
                return True
            case Work.PARKED:
                return await add_parked(tx, community=community)
            case Work.ENDED:
                await scores.lock_shown(tx.conn, communities=[community])
                return await kept.purge(tx.conn, community=community, limit_count=PURGED_PIECE_COUNT)
        await thresholds_store.put_due_in_force(tx.conn, communities=[community], now=tx.now)
        return await _declare(tx, community) or await _fill(tx, community) or await _cut(tx, community)

    turns = {
        Work.SHOWN: begun,
        Work.BOARDS: {*due, *waiting},
        Work.PARKED: await parked.load_waiting(tx.conn, now=tx.now),
        Work.ENDED: await kept.load_ended(tx.conn),
    }
    return await take_turn(tx, [(kind, one) for kind, those in turns.items() for one in those], work=work)


async def _declare(tx: Transaction, community: str, *, fills: bool = True) -> bool:
    """Have a community's boards be those of its version in force, in pieces; False where all are.

    Without `fills` a board that goes and is not filled yet is left to who comes with it.
    """
    # Nobody applies awards of the community meanwhile: each finds the boards of one version.
    await thresholds_store.lock_programme(tx.conn, community)
    version = await kept.find_stale(tx.conn, community=community)
    if version is None:
        return False
    in_force = await thresholds_store.find_recognition(tx.conn, community=community)
    declared = [] if in_force is None else in_force.recognition.boards or []
    there = {
        board.board_id: board
        for board in (await kept.load_boards(tx.conn, communities=[community])).get(community, [])
    }
    same = {one.id for one in declared if one.id in there and counts_alike(there[one.id].declared, one)}
    over = [board for board in there.values() if board.board_id not in same]
    # 1. What has ended: who won it was promised a prize by the version that goes.
    for board in over:
        span = await _ended(tx, board)
        if span is not None and not board.is_filled and not fills:
            return False
        if span is not None:
            await _wind_up(tx, board, span=span)
            return True
    # 2. Then boards go, and others begin with the period that it is.
    for board in over:
        is_gone = board.board_id not in {one.id for one in declared}
        await kept.end_board(tx.conn, board, with_results=is_gone)
    has_totals = await kept.has_totals(tx.conn, community=community)
    for place, one in enumerate(declared):
        if one.id in same:
            await kept.set_declared(
                tx.conn, board_no=there[one.id].board_no, declared=one, place=place, version=version, now=tx.now
            )
        else:
            await _begin(tx, one, community=community, place=place, version=version, has_totals=has_totals)
    await kept.put_version(tx.conn, community=community, version=version)
    return True


async def _ended(tx: Transaction, board: KeptBoard) -> Span | None:
    """The oldest period of a board that has ended and is not final; None where there is none."""
    if board.declared.period == "all_time":
        return None
    calendar = await calendar_of(tx, board)
    span = next_span(board, calendar)
    return span if span.ends_on < calendar.day_of(tx.now) else None


async def _wind_up(tx: Transaction, board: KeptBoard, *, span: Span) -> None:
    """Have a period of a board that goes be final before its freeze is over, or fill the board that far."""
    if not board.is_filled:
        await _fill_piece(tx, board)
        return
    await _keep_results(tx, board, cut=Cut(span, is_final=True))
    await kept.set_cut(
        tx.conn,
        board_no=board.board_no,
        final_up_to=span.starts_on,
        cut_up_to=max(board.cut_up_to, span.starts_on),
        look_at=tx.now,
    )


async def _begin(
    tx: Transaction, declared: Board, *, community: str, place: int, version: int, has_totals: bool
) -> None:
    """Begin a board with the period that it is, and with what members had in that where recognition knows it."""
    calendar = await load_calendar(tx.conn, community=community)
    by = "day" if declared.period == "all_time" else declared.period
    before = span_before(by, span_of(by, calendar.day_of(tx.now), calendar), calendar)
    await kept.add_board(
        tx.conn,
        community=community,
        declared=declared,
        place=place,
        version=version,
        since=tx.now,
        is_whole=not has_totals or _is_known(declared),
        is_filled=not (has_totals and _is_known(declared)),
        final_up_to=before.starts_on,
    )


def _is_known(declared: Board) -> bool:
    """Whether what was before is there to begin with: of all time, and of spendable points by weeks and months.

    Of a period nobody knows how much came with grants.
    """
    if declared.channel is not None or declared.leaves_out_granted:
        return False
    return declared.period == "all_time" or (declared.of_score is None and declared.period != "day")


async def _fill(tx: Transaction, community: str) -> bool:
    """Fill a piece of a board of a community, whose programme is locked; False where none is to be filled."""
    board = await kept.find_unfilled(tx.conn, community=community)
    if board is None:
        return False
    await _fill_piece(tx, board)
    return True


async def _fill_piece(tx: Transaction, board: KeptBoard) -> None:
    # Before anything is read: whoever leaves boards meanwhile waits, and then finds the rows that begin here.
    await scores.lock_shown(tx.conn, communities=[board.community])
    members = await kept.page_of_members(
        tx.conn, community=board.community, after=board.filled_up_to, limit_count=FILLED_PIECE_COUNT
    )
    owners = await scores.load_owners(tx.conn, community=board.community, head_ids=members)
    await fill(tx, board, member_ids=members, owners=owners)
    is_whole_piece = len(members) == FILLED_PIECE_COUNT
    await kept.set_filled(tx.conn, board_no=board.board_no, up_to=members[-1] if is_whole_piece else None)


async def _cut(tx: Transaction, community: str) -> bool:
    """Keep the results of a period that is over, or note when one will be; False where there is nothing to do.

    The programme is locked: nobody applies awards meanwhile, so what is final holds all that came before.
    """
    board = await kept.find_due(tx.conn, community=community, now=tx.now)
    if board is None:
        return False
    cut, look_at = next_cut(board, await calendar_of(tx, board), tx.now)
    final_up_to, cut_up_to = board.final_up_to, board.cut_up_to
    if cut is not None:
        await _keep_results(tx, board, cut=cut)
        cut_up_to = max(cut_up_to, cut.span.starts_on)
        final_up_to = cut.span.starts_on if cut.is_final else final_up_to
    await kept.set_cut(
        tx.conn,
        board_no=board.board_no,
        final_up_to=final_up_to,
        cut_up_to=cut_up_to,
        look_at=min(look_at, tx.now + _LOOKED_AT_EVERY),
    )
    return True


async def _keep_results(tx: Transaction, board: KeptBoard, *, cut: Cut) -> None:
    declared, stands_on = board.declared, board.stands_on(cut.span)
    found = await reading.page_of_scores(
        tx.conn, board, stands_on=stands_on, after=None, limit_count=declared.size
    )
    entries = ranked(found)
    members = await counting.count_members(tx.conn, board_no=board.board_no, stands_on=stands_on)
    await reading.put_results(tx.conn, board, cut=cut, entries=entries, members=members, cut_at=tx.now)
    BOARD_CUTS.labels("final" if cut.is_final else "provisional").inc()
    if not cut.is_final:
        return
    is_endless = declared.period == "all_time"
    await reading.drop_old_results(
        tx.conn, board, keep_count=DAYS_KEPT_COUNT if is_endless else RESULTS_KEPT_COUNT
    )
    if is_endless:
        return
    await kept.add_purge(tx.conn, board_no=board.board_no, starts_on=cut.span.starts_on)
    # What was told before the database was restored stays as it was told.
    if await reading.has_prizes(tx.conn, community=board.community, board_id=board.board_id, span=cut.span):
        return
    entries += await _tied_beyond(tx, board, entries=entries, stands_on=stands_on)
    won = prizes_won(board, cut, entries)
    if won:
        await reading.add_prizes(tx.conn, community=board.community, won=won, won_at=[tx.now] * len(won))
        for one in won:
            _tell(tx, one, community=board.community)
        BOARD_PRIZES.inc(len(won))


async def _tied_beyond(
    tx: Transaction, board: KeptBoard, *, entries: Sequence[Entry], stands_on: date
) -> list[Entry]:
    """Who is beyond a board's size and has as many points as its last, where all who tie with that one win."""
    declared = board.declared
    if len(entries) < declared.size or not may_win_beyond(entries, declared.prizes or ()):
        return []
    last = Place.of(entries[-1])
    found = await reading.page_of_scores(
        tx.conn, board, stands_on=stands_on, after=last, limit_count=TIED_BEYOND_SIZE_MAX_COUNT
    )
    return [entry for entry in ranked(found, after=last) if entry.rank == last.rank]


def _tell(tx: Transaction, won: Won, *, community: str) -> None:
    data: PrizeData = {
        "prize_id": won.prize_id,
        "member_id": won.member_id,
        "board": won.board_id,
        "board_title": won.board_title,
        "id": won.prize,
        "title": won.title,
        "starts_on": won.span.starts_on,
        "ends_on": won.span.ends_on,
        "rank": won.rank,
        "points": won.points,
        "programme_version": won.programme_version,
    }
    if won.gives is not None:
        data["gives"] = cast("GivesData", won.gives.model_dump(exclude_none=True))
    tx.tell(RECOGNITION, PRIZE_WON, fact_id=won.prize_id, community=community, subject=won.member_id, data=data)


async def on_prizes_told(tx: Transaction, facts: list[RecognitionFact]) -> None:
    """Take in prizes that were told and that the database has forgotten."""
    for fact in facts:
        if fact["type"] != "recognition.prize_won.v1":
            continue
        data = fact["data"]
        won = Won(
            data["prize_id"],
            data["board"],
            data["board_title"],
            Span(data["starts_on"], data["ends_on"]),
            data["member_id"],
            data["id"],
            data["title"],
            data["rank"],
            data["points"],
            data["programme_version"],
        )
        await reading.add_prizes(tx.conn, community=fact["community"], won=[won], won_at=[fact["time"]])


READ_BACK = (ReadBack((RECOGNITION,), RECOGNITION_FACT, on_prizes_told),)
