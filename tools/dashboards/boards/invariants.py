"""What must never be otherwise: books that balance, rows that nobody altered, facts that verify."""

from tools.dashboards.panels import Board, Kind, Panel, Query

BOARD = Board(
    uid="plaudit-invariants",
    title="Plaudit: invariants",
    description="What must never be otherwise: books that balance, rows that nobody altered, facts that verify.",
    page="/ledger",
    alerts=(
        "PlauditInvariantBroken",
        "PlauditAwardsDiffer",
        "PlauditLedgerDifferences",
        "PlauditLedgerNotChecked",
        "PlauditChainWaits",
        "PlauditRowsAltered",
        "PlauditBadSignatures",
        "PlauditBootstrapKeyUsed",
    ),
    rows={
        "Now": (
            Panel(
                "Invariants broken",
                "What was found otherwise than it can ever be.",
                "short",
                (Query("sum(plaudit:invariant_differences)", ""),),
                kind=Kind.NUMBER,
                critical=1,
            ),
            Panel(
                "Awards that differ",
                "The most that one of scoring, rewards and analytics has and another has not.",
                "short",
                (
                    Query(
                        'max(max by (of) (plaudit:recounted_awards{sum="facts"})'
                        ' - min by (of) (plaudit:recounted_awards{sum="facts"}))',
                        "",
                    ),
                ),
                kind=Kind.NUMBER,
                critical=1,
            ),
            Panel(
                "Ledger differences",
                "Accounts whose balance is not the sum of their entries.",
                "short",
                (Query("max(plaudit_rewards_ledger_differences)", ""),),
                kind=Kind.NUMBER,
                critical=1,
            ),
            Panel(
                "Since the ledger was checked",
                "Seconds since the last whole check.",
                "s",
                (Query("time() - max(plaudit_rewards_ledger_checked_timestamp_seconds > 0) or vector(0)", ""),),
                kind=Kind.NUMBER,
                warning=7_200,
            ),
            Panel(
                "Rows altered",
                "Rows of the books changed past the service.",
                "short",
                (Query("max(plaudit_rewards_altered)", ""),),
                kind=Kind.NUMBER,
                critical=1,
            ),
            Panel(
                "Bad signatures in a day",
                "Facts of keys, people and programmes that do not verify.",
                "short",
                (Query("sum(increase(plaudit_bad_signatures_total[1d])) or vector(0)", ""),),
                kind=Kind.NUMBER,
                critical=1,
            ),
            Panel(
                "Awards told again",
                "Awards that came once more and changed nothing.",
                "short",
                (Query("sum(increase(plaudit_rewards_awards_repeated_total[1d]))", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Facts a restored database lacks",
                "Facts of its own that a service reads back after a restore.",
                "short",
                (Query("sum(plaudit_forgotten_facts)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
        ),
        "Invariants": (
            Panel(
                "Invariants",
                "What was found of each by the last look. Anything but 0 is an alarm.",
                "short",
                (Query("plaudit:invariant_differences", "{{service}} {{invariant}}"),),
                critical=1,
            ),
            Panel(
                "Awards until the same moment",
                "As each service's rows have them: those that can be spent, and all.",
                "short",
                (Query('plaudit:recounted_awards{sum="facts"}', "{{of}}, {{service}}"),),
            ),
            Panel(
                "Rounds",
                "How long it took to look at everything once: what is altered by hand is seen within that time.",
                "s",
                (
                    Query("max by (service) (plaudit_recount_round_seconds)", "awards, {{service}}"),
                    Query("max by (service) (plaudit_rewards_watch_round_seconds)", "books"),
                ),
            ),
        ),
        "Books": (
            Panel(
                "Ledger differences",
                "What the last check of the ledger found wrong. Anything but 0 is an alarm.",
                "short",
                (Query("sum by (service) (plaudit_rewards_ledger_differences)", "{{service}}"),),
            ),
            Panel(
                "Ledger checks given up",
                "Checks of the ledger, within an hour, of which a part took longer than it may.",
                "short",
                (
                    Query(
                        "sum by (service) (increase(plaudit_rewards_ledger_checks_given_up_total[1h]))",
                        "{{service}}",
                    ),
                ),
            ),
            Panel(
                "Payout turns given up",
                "Turns at payout schedules or bank checks, within an hour, that took longer than they may.",
                "short",
                (
                    Query(
                        "sum by (work) (increase(plaudit_rewards_payout_turns_given_up_total[1h]))",
                        "{{work}}",
                    ),
                ),
            ),
            Panel(
                "Chain waits",
                "For how long the oldest entry of the ledger has been waiting for its block.",
                "s",
                (Query("max by (service) (plaudit_rewards_chain_waits_seconds)", "{{service}}"),),
            ),
            Panel(
                "Entries chained",
                "Entries of the ledger put into blocks.",
                "cps",
                (
                    Query(
                        "sum by (service) (rate(plaudit_rewards_entries_chained_total[$__rate_interval]))",
                        "{{service}}",
                    ),
                ),
            ),
            Panel(
                "Rows altered",
                "Payout runs and payouts that were changed behind the service's back, by"
                " the last check, and commands "
                "that were refused for it. Anything but 0 is an alarm.",
                "short",
                (
                    Query("sum by (service) (plaudit_rewards_altered)", "found"),
                    Query(
                        "sum by (service) (increase(plaudit_rewards_altered_refusals_total[$__rate_interval]))",
                        "refused",
                    ),
                ),
            ),
        ),
        "Facts": (
            Panel(
                "Awards booked",
                "Awards that scoring made and rewards booked: the two lines follow each other.",
                "cps",
                (
                    Query("sum(rate(plaudit_scoring_awards_total[$__rate_interval]))", "made"),
                    Query("sum(rate(plaudit_rewards_awards_booked_total[$__rate_interval]))", "booked"),
                    Query("sum(rate(plaudit_analytics_awards_total[$__rate_interval]))", "seen by analytics"),
                ),
            ),
            Panel(
                "Erasures obeyed",
                "By each service.",
                "cps",
                (
                    Query(
                        "sum by (service) (rate(plaudit_erasures_obeyed_total[$__rate_interval]))"
                        " or on() vector(0)",
                        "{{service}}",
                    ),
                ),
            ),
            Panel(
                "Signatures outdated",
                "Facts signed by a key that has been followed by another.",
                "short",
                (Query("max by (service) (plaudit_signatures_outdated)", "{{service}}"),),
            ),
        ),
    },
)
