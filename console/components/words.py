"""Words that services say in their answers, as pages show them: marked here for the catalogues."""


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: Roles, states of payouts and redemptions, outcomes of events, kinds of grants.
WORDS = (
    *(_("member"), _("moderator"), _("manager"), _("finance_maker"), _("finance_approver"), _("operator")),
    *(_("administrator"), _("accrued"), _("held"), _("eligible"), _("approved"), _("reserved"), _("submitted")),
    *(_("sent"), _("settled"), _("returned"), _("failed"), _("reversed"), _("corrected"), _("confirmed")),
    *(_("cancelled"), _("expired"), _("open"), _("filed"), _("computing"), _("accepted"), _("duplicate")),
    *(_("live"), _("backfill")),
    *(
        _("rejected"),
        _("refused"),
        _("conflict"),
        _("badge"),
        _("level"),
        _("pending"),
        _("complete"),
        _("available"),
    ),
    *(_("award"), _("grant"), _("ledger"), _("analytics"), _("payout")),
    *(_("no bank details"), _("changed"), _("unchanged"), _("standing"), _("released")),
    *(
        _("held by finance: it is being looked at"),
        _("held by finance: the amount is disputed"),
        _("held by finance: the member asked for it"),
        _("held by finance: the bank details are being looked at"),
        _("held by finance: finance can say why"),
        _("held by finance: the account is being checked"),
        _("held by finance: the account cannot be opened just now"),
        _("held by finance: the year's total is being checked"),
        _("left out by finance: it is being looked at"),
        _("left out by finance: the amount is disputed"),
        _("left out by finance: the member asked for it"),
        _("left out by finance: the bank details are being looked at"),
        _("left out by finance: finance can say why"),
    ),
    *(_("approving"), _("filing"), _("cancelling"), _("proposed"), _("withdrawn")),
)
