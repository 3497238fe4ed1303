"""The databases, as postgres_exporter sees them: room, transactions, connections, waiting."""

from tools.dashboards.panels import Board, Kind, Panel, Query

_OURS = 'datname=~"plaudit_.+"'
_CHOSEN = 'datname=~"$database"'


def _per_second(*columns: str, name: str = "{{datname}}") -> tuple[Query, ...]:
    return tuple(
        Query(
            f"sum by (datname) (rate(pg_stat_database_{column}{{{_CHOSEN}}}[$__rate_interval]))",
            name if len(columns) == 1 else f"{{{{datname}}}} {column}",
        )
        for column in columns
    )


BOARD = Board(
    uid="plaudit-postgres",
    title="Plaudit: PostgreSQL",
    description="The databases, as postgres_exporter sees them: room, transactions, connections, waiting.",
    page="/parts",
    alerts=("PlauditDatabaseDown", "PlauditTransactionOld"),
    choices={"database": f"label_values(pg_database_size_bytes{{{_OURS}}}, datname)"},
    rows={
        "Now": (
            Panel(
                "Answers",
                "1 while PostgreSQL answers its exporter.",
                "short",
                (Query("min(pg_up)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Room",
                "Disk space of all of Plaudit's databases.",
                "bytes",
                (Query(f"sum(pg_database_size_bytes{{{_OURS}}})", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Connections",
                "Of Plaudit's databases, in any state.",
                "short",
                (Query(f"sum(pg_stat_activity_count{{{_OURS}}})", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Oldest transaction",
                "How long it has been open. While it is, dead rows stay.",
                "s",
                (Query(f"max(pg_stat_activity_max_tx_duration{{{_OURS}}})", ""),),
                kind=Kind.NUMBER,
                warning=60,
                critical=600,
            ),
            Panel(
                "Deadlocks in a day",
                "Transactions that PostgreSQL ended because two waited for each other; they are tried again.",
                "short",
                (Query(f"sum(increase(pg_stat_database_deadlocks{{{_OURS}}}[1d]))", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Found in memory",
                "Share of blocks that did not have to be read, the last ten minutes.",
                "percentunit",
                (
                    Query(
                        f"sum(rate(pg_stat_database_blks_hit{{{_OURS}}}[10m])) / "
                        f"(sum(rate(pg_stat_database_blks_hit{{{_OURS}}}[10m]))"
                        f" + sum(rate(pg_stat_database_blks_read{{{_OURS}}}[10m])) > 0)",
                        "",
                    ),
                ),
                kind=Kind.NUMBER,
            ),
        ),
        "Work": (
            Panel("Transactions committed", "Per database.", "ops", _per_second("xact_commit")),
            Panel(
                "Transactions rolled back",
                "Per database. Many beside those committed: something is refused, or tried again and again.",
                "ops",
                _per_second("xact_rollback"),
            ),
            Panel(
                "Rows written",
                "Inserted, updated and deleted, per database.",
                "ops",
                _per_second("tup_inserted", "tup_updated", "tup_deleted"),
            ),
            Panel("Rows read", "By scans and indexes, per database.", "ops", _per_second("tup_returned")),
            Panel(
                "Blocks read",
                "Not found in PostgreSQL's memory, per database. It rises with pages that nobody has looked at.",
                "ops",
                _per_second("blks_read"),
            ),
            Panel(
                "Written to temporary files",
                "By sorts and joins that outgrow their memory: a question that wants an index, or a limit.",
                "Bps",
                _per_second("temp_bytes"),
            ),
        ),
        "Waiting": (
            Panel(
                "Connections by state",
                "Many 'idle in transaction': somebody holds locks and does nothing.",
                "short",
                (
                    Query(
                        f"sum by (datname, state) (pg_stat_activity_count{{{_CHOSEN}}}) > 0",
                        "{{datname}} {{state}}",
                    ),
                ),
            ),
            Panel(
                "Oldest transaction",
                "Per database.",
                "s",
                (Query(f"max by (datname) (pg_stat_activity_max_tx_duration{{{_CHOSEN}}})", "{{datname}}"),),
                critical=600,
            ),
            Panel(
                "Locks",
                "Held or waited for, per database.",
                "short",
                (Query(f"sum by (datname) (pg_locks_count{{{_CHOSEN}}})", "{{datname}}"),),
            ),
        ),
        "Room": (
            Panel(
                "Size",
                "Disk space of each database.",
                "bytes",
                (Query(f"max by (datname) (pg_database_size_bytes{{{_CHOSEN}}})", "{{datname}}"),),
            ),
            Panel(
                "Grows in a day",
                "By the last six hours. Divide what is free on the disk by it.",
                "bytes",
                (
                    Query(
                        f"max by (datname) (deriv(pg_database_size_bytes{{{_CHOSEN}}}[6h])) * 86400", "{{datname}}"
                    ),
                ),
            ),
        ),
    },
)
