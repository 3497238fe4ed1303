"""Rewards on their way to members, money on its way to banks, and the books behind both."""

from tools.dashboards.panels import Board, Kind, Panel, Query, rates

BOARD = Board(
    uid="plaudit-finance",
    title="Plaudit: rewards and finance",
    description="Rewards on their way to members, money on its way to banks, and the books behind both.",
    page="/payout-runs",
    alerts=(
        "PlauditRewardsLow",
        "PlauditSendLinesFailed",
        "PlauditOrdersUnknown",
        "PlauditOrdersTroubled",
        "PlauditProductsGone",
        "PlauditGoodsWait",
        "PlauditBankLinesWait",
        "PlauditBankCheckDiffers",
        "PlauditPayoutSchedulesRefused",
        "PlauditPayoutTurnsGivenUp",
        "PlauditPeriodsOverdue",
        "PlauditLiabilityDayLost",
        "PlauditVoucherCodesUnreadable",
        "PlauditAddressesUnreadable",
        "PlauditRatesAboutToBeStale",
        "PlauditRemittancesUnknown",
        "PlauditRemittancesTroubled",
        "PlauditRefundsWait",
        "PlauditDebtsOverdue",
        "PlauditPayoutHoldsOld",
        "PlauditPayoutFindingsWait",
        "PlauditSanctionsMatchesWait",
    ),
    rows={
        "Now": (
            Panel(
                "Orders nobody knows of",
                "Calls to a provider without an answer.",
                "short",
                (Query("max(plaudit_rewards_orders_unknown)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Goods that wait",
                "Parcels that nobody has sent.",
                "short",
                (Query("max(plaudit_rewards_goods_waiting)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Bank lines that wait",
                "Lines of bank messages that match nothing.",
                "short",
                (Query("max(plaudit_rewards_bank_lines_open)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Rewards nearly gone",
                "Below the count their manager asked to be told of.",
                "short",
                (Query("max(plaudit_rewards_rewards_low)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
            Panel(
                "Members who owe points",
                "Whose balance is below zero.",
                "short",
                (Query("max(plaudit_rewards_debts)", ""),),
                kind=Kind.NUMBER,
            ),
            Panel(
                "Months not closed",
                "Ended for longer than the community gives itself.",
                "short",
                (Query("max(plaudit_rewards_periods_overdue)", ""),),
                kind=Kind.NUMBER,
                warning=1,
            ),
        ),
        "Rewards": (
            Panel(
                "Redemptions",
                "Redemptions that reached a state.",
                "cps",
                rates("plaudit_rewards_redemptions_total", "state"),
            ),
            Panel(
                "Rewards left",
                "Rewards of which few are left, and codes of vouchers that cannot be opened.",
                "short",
                (
                    Query("max(plaudit_rewards_rewards_low)", "few left"),
                    Query("max(plaudit_rewards_voucher_codes_unreadable)", "codes unreadable"),
                ),
            ),
            Panel(
                "Sends",
                "Lines of sends by what became of them, and those that failed and wait.",
                "short",
                (
                    Query(
                        "sum by (became) (increase(plaudit_rewards_send_lines_total[$__rate_interval]))",
                        "{{became}}",
                    ),
                    Query("max(plaudit_rewards_send_lines_failed)", "failed, waiting"),
                ),
            ),
            Panel(
                "Goods",
                "Goods that are sent or ordered, by states that they reached.",
                "cps",
                rates("plaudit_rewards_fulfilments_total", "state"),
            ),
            Panel(
                "Goods waiting",
                "Goods with an address that nobody has sent, days that the oldest waits,"
                " addresses nobody can open.",
                "short",
                (
                    Query("max(plaudit_rewards_goods_waiting)", "waiting"),
                    Query("max(plaudit_rewards_goods_wait_seconds) / 86400", "days"),
                    Query("max(plaudit_rewards_delivery_addresses_unreadable)", "addresses unreadable"),
                ),
            ),
            Panel(
                "Providers of gift cards",
                "Questions and orders to providers, by what became of each.",
                "cps",
                rates("plaudit_rewards_provider_calls_total", "became"),
            ),
            Panel(
                "Webhooks of providers",
                "Webhooks of providers, by what became of each.",
                "cps",
                rates("plaudit_rewards_provider_webhooks_total", "became"),
            ),
            Panel(
                "Orders open",
                "Orders at providers that nobody knows of, minutes of the oldest, and those that need people.",
                "short",
                (
                    Query("max(plaudit_rewards_orders_unknown)", "unknown"),
                    Query("max(plaudit_rewards_orders_unknown_seconds) / 60", "minutes"),
                    Query("max(plaudit_rewards_orders_troubled)", "need people"),
                ),
            ),
            Panel(
                "Payouts at providers",
                "Payouts that nobody knows of, minutes of the oldest, and those that need people.",
                "short",
                (
                    Query("max(plaudit_rewards_remittances_unknown)", "unknown"),
                    Query("max(plaudit_rewards_remittances_unknown_seconds) / 60", "minutes"),
                    Query("max(plaudit_rewards_remittances_troubled)", "need people"),
                ),
            ),
            Panel(
                "Asked of providers of payouts",
                "Questions and payments to providers that pay out, by what became of each.",
                "cps",
                rates("plaudit_rewards_remittance_calls_total", "became"),
            ),
            Panel(
                "What providers have",
                "Times that providers were asked for what they have, and rewards whose card is gone there.",
                "short",
                (
                    Query(
                        "sum by (became) (increase(plaudit_rewards_product_refreshes_total[$__rate_interval]))",
                        "{{became}}",
                    ),
                    Query("max(plaudit_rewards_products_gone)", "rewards gone"),
                ),
            ),
            Panel(
                "Refunds",
                "Refunds that were done, and that providers declined.",
                "cps",
                rates("plaudit_rewards_refunds_total", "became"),
            ),
            Panel(
                "Points refunded",
                "Points that refunds gave back, refunds that wait for another person, and days of the oldest.",
                "short",
                (
                    Query("sum(rate(plaudit_rewards_refunded_points_total[5m])) * 3600", "points an hour"),
                    Query("max(plaudit_rewards_refunds_waiting)", "waiting"),
                    Query("max(plaudit_rewards_refunds_wait_seconds) / 86400", "days"),
                ),
            ),
            Panel(
                "Redemptions refused",
                "For lack of points.",
                "cps",
                (Query("sum(rate(plaudit_rewards_redemptions_refused_total[$__rate_interval]))", "refused"),),
            ),
        ),
        "Money": (
            Panel(
                "Payouts",
                "Payouts that reached a state.",
                "cps",
                rates("plaudit_rewards_payouts_total", "state"),
            ),
            Panel(
                "Payouts stopped by people",
                "Payouts that a person held, or left out of their run, before the bank file.",
                "short",
                (
                    Query(
                        "sum by (how) (increase(plaudit_rewards_payouts_stopped_total[$__rate_interval]))",
                        "{{how}}",
                    ),
                ),
            ),
            Panel(
                "Finance waits for another person",
                "Entries of the policy of what points are worth, mappings to accounts of the general ledger, "
                "policies of exchange rates, and decisions about wallets.",
                "short",
                (
                    Query("max(plaudit_rewards_liability_policies_waiting)", "policy"),
                    Query("max(plaudit_rewards_account_mappings_waiting)", "accounts"),
                    Query("max(plaudit_rewards_rate_policies_waiting)", "exchange rates"),
                    Query("max(plaudit_rewards_wallet_decisions_waiting)", "wallets"),
                ),
            ),
            Panel(
                "Gift cards quoted",
                "Gift cards quoted whose price follows a rate, and those that had no rate to be quoted at.",
                "short",
                (
                    Query(
                        "sum by (became) (increase(plaudit_rewards_card_quotes_total[$__rate_interval]))",
                        "{{became}}",
                    ),
                ),
            ),
            Panel(
                "Exchange rates too old",
                "Communities whose exchange rates are too old to be used, or soon will be.",
                "short",
                (Query("max by (service) (plaudit_rewards_rates_stale_soon)", "{{service}}"),),
                warning=1,
            ),
            Panel(
                "Bank lines open",
                "Lines of bank messages that match nothing, and the age of the oldest.",
                "short",
                (Query("max(plaudit_rewards_bank_lines_open)", "lines"),),
            ),
        ),
        "Books": (
            Panel(
                "Months not closed",
                "Communities that close their months and have one that should have been closed by now.",
                "short",
                (Query("max by (service) (plaudit_rewards_periods_overdue)", "{{service}}"),),
            ),
            Panel(
                "Entries by hand",
                "Entries that two people had booked.",
                "cps",
                (
                    Query(
                        "sum by (service) (rate(plaudit_rewards_journals_posted_total[$__rate_interval]))",
                        "{{service}}",
                    ),
                ),
            ),
            Panel(
                "Liability days",
                "Days whose liability for points was kept, and those that took too long.",
                "short",
                (
                    Query(
                        "sum by (became) (increase(plaudit_rewards_liability_days_total[$__rate_interval]))",
                        "{{became}}",
                    ),
                ),
            ),
            Panel(
                "Liability takes",
                "How long it took to compute what points of a community were worth at the end of its last day.",
                "s",
                (Query("max by (service) (plaudit_rewards_liability_seconds)", "{{service}}"),),
            ),
            Panel(
                "Members told before points expire",
                "Messages asked for to members whose points expire soon.",
                "cps",
                (
                    Query(
                        "sum by (service) (rate(plaudit_rewards_expiry_warnings_total[$__rate_interval]))",
                        "{{service}}",
                    ),
                ),
            ),
            Panel(
                "Members who owe points",
                "Members whose points were taken back after they had been used.",
                "short",
                (
                    Query("max by (service) (plaudit_rewards_debts)", "{{service}}"),
                    Query("max by (service) (plaudit_rewards_debts_overdue)", "overdue"),
                    Query("max by (service) (plaudit_rewards_write_offs_waiting)", "write-offs that wait"),
                    Query("sum by (kind) (plaudit_rewards_debts_written_off_points_total)", "{{kind}}"),
                    Query("sum by (kind) (plaudit_rewards_points_clawed_back_total)", "taken back: {{kind}}"),
                ),
            ),
            Panel(
                "Points that expired",
                "Points whose day came.",
                "cps",
                (Query("sum(rate(plaudit_rewards_points_expired_total[$__rate_interval]))", "points"),),
            ),
        ),
    },
)
