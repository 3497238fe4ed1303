"""What roles are called and what they are for, in words."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: By the services' names, in the order of a form: what it is called, and what who has it does.
ROLES: Final = {
    "manager": (_("Manager"), _("Runs the programme: sends events, writes rules, gives rewards")),
    "moderator": (_("Moderator"), _("Looks at members, points and figures, and changes nothing")),
    "finance_maker": (_("Finance maker"), _("Makes payout runs, sets bank details, writes the bank's file")),
    "finance_approver": (
        _("Finance approver"),
        _("Approves payout runs, and rules that change money, which others made"),
    ),
    "operator": (_("Operator"), _("Watches the machine, reads the audit log, makes links for members")),
    "administrator": (_("Administrator"), _("Adds people, gives roles and keys, changes the community")),
    "member": (_("Member"), _("Sees what is their own")),
}
#: Roles that make money payable.
OF_MONEY: Final = frozenset({"finance_maker", "finance_approver"})
