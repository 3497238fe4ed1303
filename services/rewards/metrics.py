"""Every metric of rewards, each with what it means."""

from prometheus_client import Counter, Gauge

AWARDS_BOOKED = Counter(
    "plaudit_rewards_awards_booked_total",
    "Awards, and amendments by which they amount to more (increase) or less (decrease), booked",
    ["kind"],
)
AWARDS_REPEATED = Counter("plaudit_rewards_awards_repeated_total", "Awards that came again and changed nothing")
POINTS_BOOKED = Counter(
    "plaudit_rewards_points_booked_total", "Points of awards, and of increases and decreases of them", ["kind"]
)
REDEMPTIONS = Counter("plaudit_rewards_redemptions_total", "Redemptions that reached a state", ["state"])
REFUNDS = Counter(
    "plaudit_rewards_refunds_total", "Refunds that were done, and that providers declined", ["became"]
)
REFUNDED_POINTS = Counter("plaudit_rewards_refunded_points_total", "Points that refunds gave back")
REFUNDS_WAITING = Gauge("plaudit_rewards_refunds_waiting", "Refunds that wait for another person")
REFUNDS_WAIT_SECONDS = Gauge(
    "plaudit_rewards_refunds_wait_seconds", "How long the refund that waits longest has been waiting"
)
FULFILMENTS = Counter(
    "plaudit_rewards_fulfilments_total",
    "Goods that are sent or ordered, by the state that they reached",
    ["state"],
)
GOODS_WAITING = Gauge("plaudit_rewards_goods_waiting", "Goods with an address that nobody has sent yet")
GOODS_WAIT_SECONDS = Gauge(
    "plaudit_rewards_goods_wait_seconds", "How long what waits longest has been waiting for somebody to send it"
)
ADDRESSES_UNREADABLE = Gauge(
    "plaudit_rewards_delivery_addresses_unreadable",
    "Addresses sealed with a key that this service does not have: nobody can send there",
)
GIFTS = Counter("plaudit_rewards_gifts_total", "Rewards that came with grants, by what became of each", ["state"])
TICKETS = Counter(
    "plaudit_rewards_draw_tickets_total", "Tickets in draws taken, refused and given back", ["became"]
)
DRAWS = Counter("plaudit_rewards_draws_total", "Draws whose tickets were frozen, and that were drawn", ["state"])
REDEMPTIONS_REFUSED = Counter(
    "plaudit_rewards_redemptions_refused_total", "Redemptions refused for lack of points"
)
REWARDS_LOW = Gauge(
    "plaudit_rewards_rewards_low", "Rewards of catalogues of which as few are left as somebody wants to be told of"
)
SEND_LINES = Counter("plaudit_rewards_send_lines_total", "Lines of sends, by what became of them", ["became"])
SEND_LINES_FAILED = Gauge(
    "plaudit_rewards_send_lines_failed",
    "Lines of sends that could not be given, and wait to be tried again",
)
CODES_ADDED = Counter("plaudit_rewards_voucher_codes_added_total", "Codes of vouchers that were imported")
CODES_GIVEN = Counter("plaudit_rewards_voucher_codes_given_total", "Codes of vouchers that somebody was given")
CODES_UNREADABLE = Gauge(
    "plaudit_rewards_voucher_codes_unreadable",
    "Codes sealed with a key that this service does not have: nobody can be shown them",
)
PROVIDER_CALLS = Counter(
    "plaudit_rewards_provider_calls_total",
    "Questions and orders to providers of goods, by what became of each",
    ["provider", "became"],
)
PROVIDER_HOOKS = Counter(
    "plaudit_rewards_provider_webhooks_total",
    "Webhooks of providers: taken, had before, forged, stale, or not understood",
    ["provider", "became"],
)
ORDERS_UNKNOWN = Gauge(
    "plaudit_rewards_orders_unknown", "Orders at providers of which nobody knows whether they were placed"
)
ORDERS_UNKNOWN_SECONDS = Gauge(
    "plaudit_rewards_orders_unknown_seconds", "For how long nobody has known of the oldest of these"
)
REMITTANCE_CALLS = Counter(
    "plaudit_rewards_remittance_calls_total",
    "Questions and payments to providers that pay out, by what became of each",
    ["provider", "became"],
)
REMITTANCES_UNKNOWN = Gauge(
    "plaudit_rewards_remittances_unknown", "Payouts at providers of which nobody knows whether they were paid"
)
REMITTANCES_UNKNOWN_SECONDS = Gauge(
    "plaudit_rewards_remittances_unknown_seconds", "For how long nobody has known of the oldest of these"
)
REMITTANCES_TROUBLED = Gauge(
    "plaudit_rewards_remittances_troubled", "Payouts at providers that only people can put right"
)
ORDERS_TROUBLED = Gauge("plaudit_rewards_orders_troubled", "Orders at providers that only people can put right")
PAYOUTS = Counter("plaudit_rewards_payouts_total", "Payouts that reached a state", ["state"])
PAYOUT_AMOUNT = Counter(
    "plaudit_rewards_payouts_minor_units_total",
    "Minor units of payouts that reached a state",
    ["state", "currency"],
)
RUNS_WORKED_AT = Gauge(
    "plaudit_rewards_payout_runs_worked_at", "Payout runs that are computed, approved, filed or given up just now"
)
PAYOUTS_STOPPED = Counter(
    "plaudit_rewards_payouts_stopped_total",
    "Payouts that a person stopped before their file: held, or left out of their run",
    ["how"],
)
PAYOUT_HOLDS = Gauge("plaudit_rewards_payout_holds", "Members whose money finance holds back")
PAYOUT_HOLDS_WAIT_SECONDS = Gauge(
    "plaudit_rewards_payout_holds_wait_seconds", "For how long finance has held back what it has for longest"
)
PAYOUT_FINDINGS = Gauge(
    "plaudit_rewards_payout_findings", "Payouts that a check keeps back until somebody looks at them", ["check"]
)
PAYOUT_FINDINGS_WAIT_SECONDS = Gauge(
    "plaudit_rewards_payout_findings_wait_seconds",
    "For how long a check has kept the first of them back",
    ["check"],
)
PAYOUT_SCHEDULES_REFUSED = Gauge(
    "plaudit_rewards_payout_schedules_refused",
    "Schedules in force by which no payout run could be prepared at their last time",
)
OUTCOMES_WAITING = Gauge(
    "plaudit_rewards_outcomes_waiting", "Outcomes that one person proposed and another has yet to confirm"
)
BANK_LINES_OPEN = Gauge("plaudit_rewards_bank_lines_open", "Lines of banks' messages that somebody has to look at")
BANK_CHECK_ITEMS = Gauge(
    "plaudit_rewards_bank_check_items",
    "Payouts of which ledger, payouts and bank do not say the same, and nobody has explained why",
)
BANK_CHECK_WAIT_SECONDS = Gauge(
    "plaudit_rewards_bank_check_wait_seconds", "For how long the oldest of these has waited for an explanation"
)
BANK_LINES_WAIT_SECONDS = Gauge(
    "plaudit_rewards_bank_lines_wait_seconds",
    "How long the oldest line of a bank waits for somebody to look at it",
)
POINTS_EXPIRED = Counter("plaudit_rewards_points_expired_total", "Points whose time was over")
ALTERED_REFUSALS = Counter(
    "plaudit_rewards_altered_refusals_total",
    "Commands refused because rows of payouts or redemptions were changed behind the service's back",
)
ALTERED = Gauge(
    "plaudit_rewards_altered",
    "Payout runs that do not fit their seals and payouts that do not fit their histories, by the last check; "
    "anything but 0 is an alarm",
)
LEDGER_DIFFERENCES = Gauge(
    "plaudit_rewards_ledger_differences",
    "What the last check of the ledger found wrong; anything but 0 is an alarm",
)
ENTRIES_CHAINED = Counter("plaudit_rewards_entries_chained_total", "Entries of the ledger put into blocks")
CHAIN_WAITS_SECONDS = Gauge(
    "plaudit_rewards_chain_waits_seconds", "For how long the oldest entry has been waiting for its block"
)
LIABILITY_DAYS = Counter(
    "plaudit_rewards_liability_days_total",
    "Days of communities whose liability for points was kept (taken), or took too long to compute (given_up)",
    ["became"],
)
LIABILITY_SECONDS = Gauge(
    "plaudit_rewards_liability_seconds", "How long it took to compute what points were worth on the last day taken"
)
LIABILITY_POLICIES_WAITING = Gauge(
    "plaudit_rewards_liability_policies_waiting",
    "Entries of the policy of what points are worth that wait for another person",
)
RATE_POLICIES_WAITING = Gauge(
    "plaudit_rewards_rate_policies_waiting", "Policies of rates between currencies that wait for another person"
)
RATES_STALE_SOON = Gauge(
    "plaudit_rewards_rates_stale_soon",
    "Communities whose rates between currencies are too old to be used, or will be within the days of the warning",
)
PRODUCT_REFRESHES = Counter(
    "plaudit_rewards_product_refreshes_total",
    "Times that providers were asked for what they have, by what became of it",
    ["became"],
)
PRODUCTS_GONE = Gauge(
    "plaudit_rewards_products_gone",
    "Rewards that members can choose and whose card their provider has no more",
)
CARD_QUOTES = Counter(
    "plaudit_rewards_card_quotes_total",
    "Gift cards quoted whose price follows a rate, and those that had no rate to be quoted at",
    ["became"],
)
ACCOUNT_MAPPINGS_WAITING = Gauge(
    "plaudit_rewards_account_mappings_waiting",
    "Mappings to accounts of the general ledger that wait for another person",
)
PERIODS_OVERDUE = Gauge(
    "plaudit_rewards_periods_overdue",
    "Communities that close their months and have one that should have been closed by now",
)
JOURNALS_POSTED = Counter("plaudit_rewards_journals_posted_total", "Entries by hand that two people had booked")
DEBTS = Gauge("plaudit_rewards_debts", "Members who owe points: they were taken back after they had been used")
DEBTS_OVERDUE = Gauge(
    "plaudit_rewards_debts_overdue", "Members who have owed points for longer than PLAUDIT_DEBT_OVERDUE_DAYS"
)
WRITE_OFFS_WAITING = Gauge(
    "plaudit_rewards_write_offs_waiting", "Debts to be written off, or owed again, that wait for another person"
)
DEBTS_WRITTEN_OFF = Counter(
    "plaudit_rewards_debts_written_off_points_total",
    "Points of debts that two people wrote off, or had owed again",
    ["kind"],
)
POINTS_CLAWED_BACK = Counter(
    "plaudit_rewards_points_clawed_back_total",
    "Points that were used before they were taken back: owed by their member, or kept by the policy",
    ["kind"],
)
EXPIRY_WARNINGS = Counter(
    "plaudit_rewards_expiry_warnings_total", "Messages asked for to members whose points expire soon"
)
WALLET_MOVES = Counter("plaudit_rewards_wallet_moves_total", "What moved in wallets, by kind", ["kind"])
WALLETS_REFUSED = Counter(
    "plaudit_rewards_wallets_refused_total", "Spending refused because its wallet holds less, or is not open"
)
WALLETS_OVERRUN = Counter(
    "plaudit_rewards_wallets_overrun_total",
    "Times that a bank paid after all what a wallet did not hold any more: it is missing on the wallet",
)
WALLETS_LOW = Gauge("plaudit_rewards_wallets_low", "Wallets that hold less than their owners want to be told of")
CAMPAIGNS_LACKING = Gauge(
    "plaudit_rewards_campaigns_lacking", "Campaigns that awarded points which their wallet does not hold any more"
)
WALLET_DECISIONS_WAITING = Gauge(
    "plaudit_rewards_wallet_decisions_waiting", "Decisions about wallets that wait for another person"
)
PAYOUT_TURNS_GIVEN_UP = Counter(
    "plaudit_rewards_payout_turns_given_up_total",
    "Turns of a community at its payout schedules or bank checks that took longer than they may, and come again",
    ["work"],
)
LEDGER_CHECKS_GIVEN_UP = Counter(
    "plaudit_rewards_ledger_checks_given_up_total", "Checks of the ledger of which a part took longer than it may"
)
WATCH_ROUND_SECONDS = Gauge(
    "plaudit_rewards_watch_round_seconds",
    "How long it took to check the books of every community in turn: what is altered is seen within that time",
)
LEDGER_CHECKED = Gauge("plaudit_rewards_ledger_checked_timestamp_seconds", "When the ledger was last checked")

for _check in ("country", "shared_account", "sanctions_list", "tax_form", "minimum_age", "yearly_stop"):
    PAYOUT_FINDINGS.labels(_check)
    PAYOUT_FINDINGS_WAIT_SECONDS.labels(_check)
for _work in ("schedules", "bank checks"):
    PAYOUT_TURNS_GIVEN_UP.labels(_work)
for _became in ("answered", "failed"):
    PRODUCT_REFRESHES.labels(_became)
for _became in ("made", "refused"):
    CARD_QUOTES.labels(_became)
for _kind in ("debt_written_off", "debt_owed_again"):
    DEBTS_WRITTEN_OFF.labels(_kind)
for _kind in ("owed", "kept"):
    POINTS_CLAWED_BACK.labels(_kind)
for _became in ("done", "declined"):
    REFUNDS.labels(_became)
for _state in ("reserved", "in_hand", "ordered", "unknown", "fulfilled", "failed", "compensated"):
    FULFILMENTS.labels(_state)
for _provider in ("sandbox", "xoxoday", "tremendous"):
    for _became in ("answered", "none", "refused", "later", "unknown", "other_order"):
        PROVIDER_CALLS.labels(_provider, _became)
for _provider in ("sandbox", "xoxoday", "tremendous", "paypal", "wise", "stripe"):
    for _became in ("taken", "had", "forged", "stale", "unread"):
        PROVIDER_HOOKS.labels(_provider, _became)
for _provider in ("sandbox", "paypal", "wise", "stripe"):
    for _became in ("answered", "refused", "later", "unknown", "other_order", "key_over", "no_receiver"):
        REMITTANCE_CALLS.labels(_provider, _became)
for _how in ("held", "left_out"):
    PAYOUTS_STOPPED.labels(_how)
for _state in ("given", "had", "gone", "unknown", "nobody"):
    GIFTS.labels(_state)
for _became in ("given", "offered", "failed", "expired", "claimed"):
    SEND_LINES.labels(_became)
for _became in ("taken", "refused", "given_back"):
    TICKETS.labels(_became)
for _state in ("frozen", "drawn"):
    DRAWS.labels(_state)
for _became in ("taken", "given_up"):
    LIABILITY_DAYS.labels(_became)
for _kind in ("fund", "withdraw", "transfer", "reserve", "post", "void", "refund"):
    WALLET_MOVES.labels(_kind)
