"""Accounts and transfers in words for people."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: Kinds of accounts: what they are called, and what a balance on them means.
ACCOUNTS: Final = {
    "pending": (_("Pending"), _("owed to members, not usable yet")),
    "available": (_("Available"), _("owed to members, usable")),
    "reserved": (_("Reserved"), _("set aside for a redemption or payout")),
    "spent": (_("Spent"), _("redeemed")),
    "paid": (_("Paid"), _("paid out as money")),
    "expired": (_("Expired"), _("not used in time")),
    "points_issued": (_("Points issued"), _("all points ever given, less those taken back")),
    "debts_written_off": (_("Debts written off"), _("points that members keep, although they were taken back")),
    "payable": (_("Payable"), _("approved, not yet given to the bank")),
    "bank_charges": (_("Bank charges"), _("booked by hand")),
    "fx_gain_loss": (_("Exchange gain and loss"), _("booked by hand, where money changes its currency")),
    "suspense": (_("Suspense"), _("booked by hand, until it is known where it belongs")),
    "payout_expense": (_("Payout expense"), _("what payouts cost")),
    "bank_in_transit": (_("In transit"), _("given to the bank, not yet settled")),
    "bank": (_("Bank"), _("has left the bank account")),
    "provider_balance": (_("At providers"), _("owed for gift cards, less what was paid to providers")),
    "card_cost": (_("Cost of gift cards"), _("what they were quoted at, or their value")),
    "card_fees": (_("Fees of gift cards"), _("what providers take beside")),
    "card_discounts": (_("Discounts of gift cards"), _("what providers leave off")),
    "card_differences": (_("Differences of gift cards"), _("what was charged, or kept, beyond that")),
    "wallet_funding": (_("Given to wallets"), _("what all wallets were given, less what was taken out")),
    "wallet": (_("Wallet"), _("a budget: left to be spent or allotted")),
    "wallet_reserved": (_("Set aside of a wallet"), _("for what is under way")),
    "wallet_spent": (_("Spent of a wallet"), _("what did not come back")),
}
#: Kinds of transfers: what happened.
TRANSFERS: Final = {
    "award": _("Points awarded"),
    "amendment": _("An award amounts to something else"),
    "maturity": _("Points became available"),
    "expiry": _("Points expired"),
    "merge": _("Members were merged"),
    "unmerge": _("Members were parted"),
    "redemption_reserved": _("Reward reserved"),
    "redemption_confirmed": _("Reward handed out"),
    "redemption_voided": _("Not handed out, given back"),
    "redemption_refunded": _("Reward refunded"),
    "redemption_cancelled": _("Redemption cancelled"),
    "redemption_expired": _("Redemption expired"),
    "card_bought": _("Gift card bought"),
    "card_charged": _("What a gift card cost, as its provider says"),
    "card_taken_back": _("Gift card taken back by its provider"),
    "payout_reserved": _("Payout approved"),
    "payout_submitted": _("Payout given to the bank"),
    "payout_settled": _("Payout settled"),
    "payout_returned": _("Payout returned"),
    "payout_failed": _("Payout failed"),
    "payout_reversed": _("Payout reversed"),
    "payout_corrected": _("Payout was paid after all"),
    "debt_written_off": _("A debt was written off"),
    "debt_owed_again": _("A debt is owed again"),
    "debt_made_good": _("A debt that was written off is made good"),
    "journal": _("Booked by hand"),
    "wallet_fund": _("Given to a wallet"),
    "wallet_withdraw": _("Taken out of a wallet"),
    "wallet_transfer": _("Allotted by a wallet to another"),
    "wallet_reserve": _("Set aside of a wallet"),
    "wallet_post": _("Spent of a wallet"),
    "wallet_void": _("Freed in a wallet"),
    "wallet_refund": _("Came back to a wallet"),
}
#: What a check of the ledger looks at: the list of its answer, and what is not so where that list is empty.
CHECKS: Final = {
    "unbalanced_transfers": _("Every transfer sums to zero"),
    "balance_differences": _("Every balance is the sum of its entries"),
    "lot_differences": _("Every member's lots hold what is available and pending"),
    "sum_differences": _("The trial balance's sums of members are those of their accounts"),
    "turnover_differences": _("What accounts took and gave in each quarter of an hour is what their entries say"),
    "account_differences": _("Accounts hold what payouts and redemptions have there"),
    "use_differences": _("Payouts and redemptions are of the points that they took"),
    "state_differences": _("Payouts are in the state that their history ends with"),
    "seal_differences": _("Runs fit their seals"),
    "block_differences": _("Every entry is in a block of the chain, and fits it"),
}
