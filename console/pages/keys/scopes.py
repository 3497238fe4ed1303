"""What scopes let an access key do, in words."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: By the services' names, in the order of a form.
SCOPES: Final = {
    "events:write": _("Send events"),
    "receipts:read": _("See what became of events that were sent"),
    "messages:read": _("See what is sent to members, and what became of it"),
    "messages:write": _("Say what is sent to members, and in which words"),
    "connectors:write": _("Connect platforms, and rotate their secrets"),
    "webhooks:read": _("See webhooks, and what was delivered to them"),
    "webhooks:write": _("Add webhooks, rotate their secrets, have facts delivered again"),
    "members:read": _("List members, with names and identities"),
    "members:write": _("Declare identities to be one person"),
    "members:export": _("Export all that is held of a member"),
    "members:erase": _("Forget members for good"),
    "points:read": _("See points and why they were given"),
    "points:write": _("Give and take points by hand, release and deny held ones"),
    "points:approve": _("Approve points that another person gives by hand, or releases"),
    "guidelines:read": _("See what was reported, and who is suspended"),
    "guidelines:write": _("Decide what was reported, and suspend members"),
    "recognition:read": _("See leaderboards, badges, levels and quests"),
    "recognition:write": _(
        "Give badges and freezes by hand, take badges back, fix levels, have members join quests"
    ),
    "analytics:read": _("See figures and lineage"),
    "programmes:read": _("See the programme and its versions"),
    "programmes:write": _("Publish versions of the programme, withdraw proposed ones, stop campaigns"),
    "programmes:approve": _("Approve versions that another person proposed"),
    "rewards:read": _("See balances, statements, rewards and redemptions"),
    "rewards:write": _("Reserve, confirm and cancel redemptions"),
    "payouts:read": _("See payout runs, payouts and bank details"),
    "payouts:write": _("Make payout runs, set bank details, write bank files"),
    "payouts:approve": _("Approve payout runs that another person made"),
    "people:read": _("See people and their roles"),
    "people:write": _("Add and disable people, give and take roles"),
    "keys:write": _("Make, rotate and revoke access keys"),
    "communities:write": _("Change the community"),
    "audit:read": _("Read the audit log"),
    "sign_in:write": _("Make links that sign somebody in"),
    "operations:read": _("See the pipeline and dead letters, compare what services told with what they know"),
    "operations:write": _("Send dead letters through again, and discard them"),
    "public:read": _("See what the community shows to everybody, and nothing else: for pages in a browser"),
}
