"""What the rules give, hold back and refuse; campaigns and what waits for a second person."""

from tools.dashboards.panels import Board, Kind, Panel, Query

BOARD = Board(
    uid="plaudit-programme",
    title="Plaudit: programme and budgets",
    description="What the rules give, hold back and refuse; campaigns and what waits for a second person.",
    page="/programme",
    alerts=(
        "PlauditBacktestStuck",
        "PlauditRestatementStuck",
        "PlauditCampaignBraked",
        "PlauditCampaignSpent",
        "PlauditWaitsForAnother",
        "PlauditWalletsLow",
        "PlauditWalletOverrun",
        "PlauditCampaignsLacking",
    ),
    rows={
        "Now": (
            Panel(
                "Versions that wait",
                "Programmes submitted that another person has not approved.",
                "short",
                (Query("max(plaudit_scoring_programmes_waiting)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Campaigns that give nothing",
                "Spent or braked.",
                "short",
                (Query("sum(plaudit_scoring_campaigns_not_giving)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Points held back",
                "Points that wait for a decision on a signal.",
                "short",
                (Query("sum(plaudit_scoring_signal_points_held)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Awards by hand that wait",
                "For a second person.",
                "short",
                (Query("max(plaudit_scoring_manual_awards_waiting)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Wallets that are low",
                "Below the part that their owner asked to be told of.",
                "short",
                (Query("max(plaudit_rewards_wallets_low)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Points in an hour",
                "Points that scoring gave.",
                "short",
                (Query("sum(increase(plaudit_scoring_points_total[1h]))", ""),),
                kind=Kind.NUMBER,
            ),
        ),
        "Rules": (
            Panel(
                "Events scored",
                "Events that rules looked at.",
                "cps",
                (Query("sum(rate(plaudit_scoring_events_total[$__rate_interval]))", "events"),),
            ),
            Panel(
                "Awards changed",
                "Awards that a late event or a retraction changed.",
                "cps",
                (Query("sum(rate(plaudit_scoring_adjusted_total[$__rate_interval]))", "changed"),),
            ),
            Panel(
                "Rules evaluated apart",
                "Seconds spent on rules too dear for the line, a second.",
                "s",
                (Query("sum(rate(plaudit_scoring_evaluated_apart_seconds_total[$__rate_interval]))", "seconds"),),
            ),
            Panel(
                "Publications",
                "Versions published in an hour.",
                "short",
                (Query("sum(increase(plaudit_scoring_programmes_published_total[1h]))", "published"),),
            ),
        ),
        "Budgets": (
            Panel(
                "Campaigns that give nothing",
                "Braked by their pacing, or stopped by a person.",
                "short",
                (Query("max by (state) (plaudit_scoring_campaigns_not_giving)", "{{state}}"),),
            ),
            Panel(
                "Wallets that are low",
                "Wallets that hold less than their owners want to be told of, times a bank paid what"
                " one lacked, and campaigns that awarded what theirs lacks.",
                "short",
                (
                    Query("max by (service) (plaudit_rewards_wallets_low)", "low"),
                    Query("sum by (service) (increase(plaudit_rewards_wallets_overrun_total[1h]))", "overrun"),
                    Query("max by (service) (plaudit_rewards_campaigns_lacking)", "campaigns lacking"),
                ),
            ),
            Panel(
                "What moves in wallets",
                "Moves by kind, and spending that was refused for want of what is in a wallet.",
                "cps",
                (
                    Query(
                        "sum by (kind) (rate(plaudit_rewards_wallet_moves_total[$__rate_interval]))", "{{kind}}"
                    ),
                    Query("sum(rate(plaudit_rewards_wallets_refused_total[$__rate_interval]))", "refused"),
                ),
            ),
        ),
        "People": (
            Panel(
                "Waiting for a second person",
                "Versions of programmes that change money, and outcomes of payouts, that one person proposed.",
                "short",
                (
                    Query("max(plaudit_scoring_programmes_waiting)", "programmes"),
                    Query("max(plaudit_scoring_manual_awards_waiting)", "points by hand"),
                    Query("max(plaudit_scoring_signal_cases_waiting)", "held points"),
                    Query("max(plaudit_scoring_signal_cases_old)", "held points for long"),
                    Query("max(plaudit_rewards_outcomes_waiting)", "outcomes"),
                    Query("max(plaudit_rewards_bank_lines_open)", "lines of banks"),
                    Query("max(plaudit_rewards_payout_holds)", "members whose money is held"),
                    Query("max by (check) (plaudit_rewards_payout_findings)", "payouts: {{check}}"),
                    Query("max(plaudit_rewards_payout_schedules_refused)", "schedules without a run"),
                    Query("max(plaudit_rewards_bank_check_items)", "payouts that differ from the bank or ledger"),
                ),
            ),
            Panel(
                "Backtests",
                "Backtests that wait and run, and seconds since one of them got on last.",
                "short",
                (
                    Query("max by (state) (plaudit_scoring_backtests)", "{{state}}"),
                    Query("max(plaudit_scoring_backtest_stuck_seconds)", "seconds without a step"),
                ),
            ),
            Panel(
                "Restatements",
                "Restatements under way, awards restated a second, and seconds since one got on.",
                "short",
                (
                    Query("max by (state) (plaudit_scoring_restatements)", "{{state}}"),
                    Query("sum by (what) (rate(plaudit_scoring_restated_awards_total[5m]))", "{{what}} a second"),
                    Query("max(plaudit_scoring_restatement_stuck_seconds)", "seconds without a step"),
                ),
            ),
            Panel(
                "Held for a signal",
                "Points held, and cases that wait.",
                "short",
                (
                    Query("sum(plaudit_scoring_signal_points_held)", "points"),
                    Query("sum(plaudit_scoring_signal_cases_waiting)", "cases"),
                ),
            ),
        ),
    },
)
