"""Payouts that a bank has, which lines of its messages may be about."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.rewards.payouts.domain import PayoutState
from services.rewards.reconciliation.domain.likeness import Filed
from services.rewards.reconciliation.domain.lines import Line
from shared.postgres import Connection

#: In which states of a payout a bank has its file.
_WITH_THE_BANK = (PayoutState.SUBMITTED, PayoutState.SENT, PayoutState.SETTLED)
#: Of an id without its dashes.
_ID_CHARS = 32


async def load_filed(conn: Connection, lines: Sequence[Line], *, community: str, limit: int) -> list[Filed]:
    """Payouts that a bank has, by a trait of lines: how an id begins, an account, or an amount; newest first.

    At most `limit` by each of them.
    """
    begun = sorted({line.begins for line in lines if line.begins})
    accounts = sorted({party.account for line in lines for party in line.parties if party.account})
    amounts = {
        (minor, line.currency)
        for line in lines
        for minor in (line.amount_minor, line.instructed_minor)
        if line.parties and minor is not None
    }
    rows = await conn.fetch(
        """
        with alike as (
            (select p.payout_id from payouts p
             join unnest($2::uuid[], $3::uuid[]) b(first, last) on p.payout_id between b.first and b.last
             where p.community = $1 order by p.created_at desc, p.payout_id limit $8)
            union
            (select p.payout_id from payouts p
             where p.community = $1 and p.iban = any($4) and p.member_id = any(array(
                select member_id from payee_changes where community = $1 and iban = any($4)))
             order by p.created_at desc, p.payout_id limit $8)
            union
            (select p.payout_id from payouts p
             join unnest($5::bigint[], $6::text[]) a(amount_minor, currency) using (amount_minor, currency)
             where p.community = $1 and p.state in ('submitted', 'sent', 'settled')
             order by p.created_at desc, p.payout_id limit $8))
        select p.payout_id, p.payee_name, p.iban, p.amount_minor, p.currency, p.state <> 'settled' as is_open
        from alike join payouts p on p.community = $1 and p.payout_id = alike.payout_id
        where p.state = any($7) and p.iban is not null
        """,
        community,
        [UUID(one.ljust(_ID_CHARS, "0")) for one in begun],
        [UUID(one.ljust(_ID_CHARS, "f")) for one in begun],
        accounts,
        [minor for minor, _ in amounts],
        [currency for _, currency in amounts],
        _WITH_THE_BANK,
        limit,
    )
    return [
        Filed(
            payout_id=str(row["payout_id"]),
            name=row["payee_name"],
            iban=row["iban"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            is_open=row["is_open"],
        )
        for row in rows
    ]


async def load_candidates(conn: Connection, line: Line, *, community: str, limit: int) -> dict[str, date]:
    """Payouts that a booking may be about, each with the day of its file.

    A bank has them, and the amount, or what was ordered, is theirs, or the booking resembles them otherwise: these
    come before the others.
    """
    rows = await conn.fetch(
        """
        select p.payout_id, f.created_at from payouts p join payout_files f using (community, run_id)
        where p.community = $1 and p.state = any($4)
          and (p.payout_id = any($5) or p.payout_id = any(array(
              select payout_id from payouts
              where community = $1 and currency = $2 and amount_minor = any($3)
                and state in ('submitted', 'sent', 'settled')
              order by created_at desc, payout_id limit $6)))
        order by p.payout_id = any($5) desc, p.created_at desc, p.payout_id limit $6
        """,
        community,
        line.currency,
        [amount for amount in (line.amount_minor, line.instructed_minor) if amount is not None],
        _WITH_THE_BANK,
        line.alike.payout_ids,
        limit,
    )
    return {str(row["payout_id"]): row["created_at"].date() for row in rows}
