"""Bank files: the bytes that a bank is given, written once."""

from services.rewards.payouts.runs.domain.bank import BankFile
from shared.postgres import Connection


async def add_file(conn: Connection, file: BankFile) -> None:
    """Store a run's bank file."""
    await conn.execute(
        """
        insert into payout_files (community, run_id, message_id, content, sha256, payment_count, control_sum_minor,
                                  created_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        file.community,
        file.run_id,
        file.message_id,
        file.content,
        file.sha256,
        file.payment_count,
        file.control_sum_minor,
        file.created_at,
        file.created_by,
    )


async def find_file(conn: Connection, *, community: str, run_id: str) -> BankFile | None:
    """A run's bank file with its content."""
    row = await conn.fetchrow("select * from payout_files where community = $1 and run_id = $2", community, run_id)
    if row is None:
        return None
    return BankFile(
        community=row["community"],
        run_id=str(row["run_id"]),
        message_id=row["message_id"],
        content=row["content"],
        sha256=row["sha256"],
        payment_count=row["payment_count"],
        control_sum_minor=row["control_sum_minor"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
