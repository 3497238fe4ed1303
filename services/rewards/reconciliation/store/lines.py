"""Messages of banks and their lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.rewards.payouts.store import actor_of
from services.rewards.reconciliation.domain.lines import (
    OPEN,
    Alike,
    BankMessage,
    FiledRun,
    Line,
    LineFilter,
    LinePlace,
    LineState,
    MatchedBy,
    MessagePlace,
    Says,
)
from shared.bank_messages.counting import Told
from shared.bank_messages.documents import Amount
from shared.bank_messages.statements import Direction
from shared.postgres import Connection

_COLUMNS = (
    *("community", "message_key", "line_id", "place", "imported_at", "kind", "status", "level", "reference"),
    *("end_to_end_id", "order_id", "named", "amount_minor", "currency", "instructed_minor", "reason", "booked_on"),
    *("entry", "account", "direction", "entry_minor", "entry_currency", "servicer_reference", "payments"),
    *("is_detailed", "is_booked", "state", "says", "payout_id", "run_id", "matched_by", "same_as", "why"),
    *("alike_by_id", "alike_by_account", "alike_by_name"),
)


def _line(row: Record) -> Line:
    told = None
    if row["entry"] is not None:
        amount = Amount(row["entry_minor"], row["entry_currency"])
        said = (row["booked_on"], row["servicer_reference"], row["payments"], row["is_detailed"], row["is_booked"])
        told = Told(row["account"], Direction(row["direction"]), amount, *said)
    return Line(
        line_id=str(row["line_id"]),
        kind=row["kind"],
        status=row["status"],
        level=row["level"],
        reference=row["reference"],
        end_to_end_id=row["end_to_end_id"],
        order_id=row["order_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        instructed_minor=row["instructed_minor"],
        reason=row["reason"],
        booked_on=row["booked_on"],
        told=told,
        entry=row["entry"],
        named=_text(row["named"]),
        state=LineState(row["state"]),
        says=Says(row["says"]) if row["says"] else None,
        payout_id=_text(row["payout_id"]),
        run_id=_text(row["run_id"]),
        matched_by=MatchedBy(row["matched_by"]) if row["matched_by"] else None,
        outcome_id=_text(row["outcome_id"]),
        same_as=_text(row["same_as"]),
        why=row["why"],
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
        alike=Alike(*(tuple(map(str, row[f"alike_{trait}"])) for trait in Alike._fields)),
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _message(row: Record) -> BankMessage:
    return BankMessage(
        community=row["community"],
        message_key=str(row["message_key"]),
        name=row["name"],
        message_id=row["message_id"],
        sha256=row["sha256"],
        imported_at=row["imported_at"],
        imported_by=actor_of(row["imported_by_person"], row["imported_by"]),
    )


async def lock_messages(conn: Connection, *, community: str) -> None:
    """Let one transaction at a time import messages of a community: each looks what the others told."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"bank messages of {community}")


async def add_message(conn: Connection, message: BankMessage) -> None:
    """Add a message."""
    await conn.execute(
        """
        insert into bank_messages (community, message_key, name, message_id, sha256, imported_at,
                                   imported_by_person, imported_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        message.community,
        message.message_key,
        message.name,
        message.message_id,
        message.sha256,
        message.imported_at,
        *message.imported_by,
    )


async def add_lines(conn: Connection, lines: Sequence[Line], *, message: BankMessage) -> None:
    """Add the lines of a message, in their order."""
    records = [
        (
            *(message.community, message.message_key, line.line_id, place, message.imported_at),
            *(line.kind, line.status, line.level, line.reference, line.end_to_end_id, line.order_id, line.named),
            *(line.amount_minor, line.currency, line.instructed_minor, line.reason, line.booked_on, line.entry),
            *_told(line.told),
            *(line.state, line.says, line.payout_id, line.run_id, line.matched_by, line.same_as, line.why),
            *(list(payout_ids) for payout_ids in line.alike),
        )
        for place, line in enumerate(lines)
    ]
    await conn.copy_records_to_table("bank_lines", columns=_COLUMNS, records=records)


def _told(told: Told | None) -> tuple[object, ...]:
    if told is None:
        return (None,) * 8
    amount = (told.amount.minor, told.amount.currency)
    return (told.account, told.direction, *amount, told.reference, told.payments, told.is_detailed, told.is_booked)


async def load_like(conn: Connection, lines: Sequence[Line], *, community: str) -> list[tuple[str, Line]]:
    """Booked lines of before that may be the same as one of these, each with its message, in their order."""
    told = [(line.told, line) for line in lines if line.told is not None and line.told.is_booked]
    rows = await conn.fetch(
        """
        select l.* from bank_lines l
        where community = $1 and is_booked and (direction, entry_minor, entry_currency, booked_on) in (
            select * from unnest($2::text[], $3::bigint[], $4::text[], $5::date[]))
        order by imported_at, message_key, place
        """,
        community,
        [one.direction for one, _ in told],
        [one.amount.minor for one, _ in told],
        [one.amount.currency for one, _ in told],
        [one.day for one, _ in told],
    )
    return [(str(row["message_key"]), _line(row)) for row in rows]


async def set_again(conn: Connection, same: Mapping[str, str], *, community: str) -> None:
    """Lines that another one counts in the place of."""
    await conn.execute(
        """
        update bank_lines l set state = 'again', same_as = s.same_as, why = null
        from unnest($2::uuid[], $3::uuid[]) s(line_id, same_as)
        where l.community = $1 and l.line_id = s.line_id and l.state in ('unmatched', 'unrelated', 'differs')
        """,
        community,
        list(same),
        list(same.values()),
    )


async def load_said(conn: Connection, payout_ids: Sequence[str], *, community: str) -> list[tuple[str, Says]]:
    """What bookings that count have said of these payouts."""
    rows = await conn.fetch(
        """
        select distinct payout_id, says from bank_lines
        where community = $1 and payout_id = any($2) and is_booked and state in ('matched', 'noted', 'proposed')
        """,
        community,
        payout_ids,
    )
    return [(str(row["payout_id"]), Says(row["says"])) for row in rows]


async def load_filed_runs(conn: Connection, run_ids: Sequence[str], *, community: str) -> dict[str, FiledRun]:
    """Those of these runs that a bank was given the file of."""
    rows = await conn.fetch(
        """
        select f.run_id, f.control_sum_minor, r.currency
        from payout_files f join payout_runs r using (community, run_id)
        where community = $1 and run_id = any($2)
        """,
        community,
        run_ids,
    )
    return {
        str(row["run_id"]): FiledRun(str(row["run_id"]), row["control_sum_minor"], row["currency"]) for row in rows
    }


async def find_message(conn: Connection, *, community: str, message_key: str) -> BankMessage | None:
    """A message; None when there is none."""
    row = await conn.fetchrow(
        "select * from bank_messages where community = $1 and message_key = $2", community, message_key
    )
    return _message(row) if row else None


async def count_lines(
    conn: Connection, message_keys: Sequence[str], *, community: str
) -> dict[str, dict[LineState, int]]:
    """How many lines of each of these messages are in each state."""
    rows = await conn.fetch(
        """
        select message_key, state, count(*) as count from bank_lines
        where community = $1 and message_key = any($2) group by 1, 2 order by 1, 2
        """,
        community,
        message_keys,
    )
    found: dict[str, dict[LineState, int]] = {key: {} for key in message_keys}
    for row in rows:
        found[str(row["message_key"])][LineState(row["state"])] = row["count"]
    return found


async def page_of_messages(
    conn: Connection, *, community: str, after: MessagePlace | None, limit: int
) -> list[BankMessage]:
    """Messages, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from bank_messages
        where community = $1 and ($2::timestamptz is null or (imported_at, message_key) < ($2, $3::uuid))
        order by imported_at desc, message_key desc limit $4
        """,
        community,
        *(after or (None, None)),
        limit,
    )
    return [_message(row) for row in rows]


async def page_of_lines(
    conn: Connection, wanted: LineFilter, *, community: str, after: LinePlace | None, limit: int
) -> list[tuple[LinePlace, str, Line]]:
    """Lines, newest first, beginning after a place; each with its place and its message."""
    rows = await conn.fetch(
        """
        select * from bank_lines
        where community = $1 and ($2::text[] = '{}' or state = any($2))
          and ($3::uuid is null or message_key = $3) and ($4::uuid is null or run_id = $4)
          and ($5::uuid is null or payout_id = $5)
          and ($6::timestamptz is null or (imported_at, line_id) < ($6, $7::uuid))
        order by imported_at desc, line_id desc limit $8
        """,
        community,
        list(wanted.states),
        wanted.message_key,
        wanted.run_id,
        wanted.payout_id,
        *(after or (None, None)),
        limit,
    )
    return [
        (LinePlace(row["imported_at"], str(row["line_id"])), str(row["message_key"]), _line(row)) for row in rows
    ]


async def lock_line(conn: Connection, *, community: str, line_id: str) -> tuple[str, Line] | None:
    """A line with its message's key, locked; None when there is none."""
    row = await conn.fetchrow(
        "select * from bank_lines where community = $1 and line_id = $2 for update", community, line_id
    )
    return (str(row["message_key"]), _line(row)) if row else None


async def find_line(conn: Connection, *, community: str, line_id: str) -> tuple[LinePlace, str, Line] | None:
    """A line with its place and its message's key; None when there is none."""
    row = await conn.fetchrow("select * from bank_lines where community = $1 and line_id = $2", community, line_id)
    if row is None:
        return None
    return LinePlace(row["imported_at"], str(row["line_id"])), str(row["message_key"]), _line(row)


async def set_line(conn: Connection, line: Line, *, community: str) -> None:
    """What a person decided of a line, or what it is matched with."""
    await conn.execute(
        """
        update bank_lines set state = $3, says = $4, payout_id = $5, run_id = $6, matched_by = $7, why = $8,
            decided_at = $9, decided_by_person = $10, decided_by = $11
        where community = $1 and line_id = $2
        """,
        community,
        line.line_id,
        line.state,
        line.says,
        line.payout_id,
        line.run_id,
        line.matched_by,
        line.why,
        line.decided_at,
        *(line.decided_by or (None, None)),
    )


async def lock_next(conn: Connection, *, limit: int) -> tuple[BankMessage, list[Line]] | None:
    """The next matched lines that say the same, for the same reason, of payouts of one run; None for none.

    Of a message what was sent and settled comes before what came back of it. A line of a whole run comes alone.
    """
    first = await conn.fetchrow(
        """
        select * from bank_lines where state = 'matched'
        order by imported_at, message_key, array_position(array['sent', 'settled', 'failed', 'came_back'], says),
                 place
        limit 1 for update
        """
    )
    if first is None:
        return None
    rows = [first]
    if first["payout_id"] is not None:
        rows = await conn.fetch(
            """
            select * from bank_lines
            where state = 'matched' and community = $1 and message_key = $2 and run_id = $3 and says = $4
              and reason is not distinct from $5 and payout_id is not null
            order by place limit $6 for update
            """,
            *(first["community"], first["message_key"], first["run_id"], first["says"], first["reason"]),
            limit,
        )
    message = await find_message(conn, community=first["community"], message_key=str(first["message_key"]))
    if message is None:
        raise LookupError(f"line {first['line_id']} is of no message")
    return message, [_line(row) for row in rows]


async def set_noted(conn: Connection, lines: Sequence[Line], *, community: str) -> None:
    """What became of matched lines."""
    await conn.executemany(
        """
        update bank_lines set state = $3, outcome_id = $4, why = $5
        where community = $1 and line_id = $2
        """,
        [(community, line.line_id, line.state, line.outcome_id, line.why) for line in lines],
    )


async def settle_proposed(conn: Connection) -> None:
    """Lines whose outcome was decided: confirmed ones are noted; of withdrawn ones a person decides again."""
    await conn.execute(
        """
        update bank_lines l set
            state = case o.state when 'confirmed' then 'noted' else 'refused' end,
            why = case o.state when 'confirmed' then null else 'its outcome was withdrawn' end
        from payout_outcomes o
        where l.state = 'proposed' and o.community = l.community and o.outcome_id = l.outcome_id
          and o.state <> 'proposed'
        """
    )


async def count_open(conn: Connection) -> tuple[int, datetime | None]:
    """How many lines wait for a person, in all communities, and since when the oldest does."""
    row = await conn.fetchrow(
        "select count(*) as count, min(imported_at) as since from bank_lines where state = any($1)", list(OPEN)
    )
    return (row["count"], row["since"]) if row else (0, None)
