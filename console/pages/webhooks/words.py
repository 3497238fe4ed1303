"""Facts, states of deliveries and troubles of webhooks, in words."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What facts say, by their types, in the order in which they are chosen.
FACTS: Final = {
    "engagement.accepted.v1": _("An event counts"),
    "engagement.rejected.v1": _("An event does not count, and why"),
    "points.awarded.v1": _("Points were given, or amount to something else since"),
    "recognition.granted.v1": _("A badge or level was reached, or taken back"),
    "survey.asked.v1": _("A survey asked a member"),
    "survey.counted.v1": _("Anonymous answers were counted"),
    "audience.entered.v1": _("A member entered an audience"),
    "audience.left.v1": _("A member left an audience"),
    "redemption.changed.v1": _("A reward was reserved, handed out, or cancelled"),
    "redemption.lots.v1": _("Which points a reward used"),
    "redemption.lots_given_back.v1": _("Which points of a reward went back"),
    "redemption.cost_changed.v1": _("What a gift card cost at its provider"),
    "payout.changed.v1": _("A payout was made, or what the bank said of it"),
    "payout.lots.v1": _("Which points a payout pays"),
    "payout.hold_changed.v1": _("Finance held a member's money back, or let it go on"),
    "payout_run.changed.v1": _("A payout run was made, approved, or filed"),
    "ledger.period_changed.v1": _("A month of the books was closed, or opened again"),
    "ledger.journal_changed.v1": _("Somebody proposed entries by hand, or had them booked"),
    "ledger.liability_policy_changed.v1": _("Somebody proposed what points are worth, or had it apply"),
    "ledger.account_mapping_changed.v1": _("Somebody proposed a mapping to finance's accounts, or had it apply"),
    "ledger.rate_policy_changed.v1": _("Somebody proposed rates of exchange, or had them apply"),
    "ledger.rate_sheet_taken.v1": _("A central bank's file of rates was taken"),
    "payout.policy_changed.v1": _("Somebody proposed what holds for payouts, or had it apply"),
    "wallet.changed.v1": _("A wallet was made, changed, or got low"),
    "wallet.moved.v1": _("Something moved in a wallet"),
    "wallet.decision_changed.v1": _("Somebody proposed something of a wallet, or had it done"),
    "wallet.campaign_changed.v1": _("What a wallet lets the points of a campaign come to"),
    "debt.policy_changed.v1": _("Somebody proposed what becomes of used points taken back, or had it apply"),
    "debt.clawback_booked.v1": _("Points were taken back that a member had used"),
    "debt.write_off_changed.v1": _("Somebody proposed to write off a debt, or had it done"),
    "debt.write_off_lots.v1": _("Of which points a debt was written off"),
    "campaign.changed.v1": _("A campaign stopped, goes on, or spent all that it has"),
    "guidelines.case_changed.v1": _("What became of a report"),
    "guidelines.suspension_changed.v1": _("A member is suspended, or no more"),
    "guidelines.accepted.v1": _("A member accepted the guidelines"),
    "member.merged.v1": _("Two members are one person"),
    "member.unmerged.v1": _("They are two again"),
    "member.erased.v1": _("A member is to be forgotten"),
    "programme.published.v1": _("A version of the programme was published"),
    "community.changed.v1": _("The community's settings changed"),
    "webhook_endpoint.tested.v1": _("Somebody tried the webhook"),
}
#: The words, their tone and their icon.
STATES: Final = {
    "delivered": (_("delivered"), "good", "check"),
    "waiting": (_("waits"), "accent", "clock"),
    "failed": (_("failed"), "bad", "x"),
    "held": (_("held after a restore"), "warn", "pause"),
}
TROUBLES: Final = {
    "gone": _("It answered that it is gone for good (410)."),
    "failing": _("It took nothing for a whole day."),
    "too_many_waiting": _("More waited for it than is kept."),
}
