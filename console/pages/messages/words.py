"""What pages call kinds, ways and states of messages."""


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: By kind: what a member is told, and when.
KINDS = {
    "badge": _("A badge was given"),
    "level": _("A level was reached"),
    "redemption": _("A reward was confirmed or refunded, or could not be given"),
    "points_expire": _("Points of theirs expire soon"),
    "restated": _("Their points changed since the programme was applied to the past"),
    "wallet_low": _("A wallet of theirs is low"),
    "payout_run_prepared": _("A payout run is ready for them to approve"),
    "payout": _("A payout was sent, or came back"),
    "nudge_welcome": _("A nudge: welcome"),
    "nudge_answered": _("A nudge: somebody answered them"),
    "nudge_streak": _("A nudge: their streak ends today"),
    "nudge_waiting": _("A nudge: somebody waits for an answer that they could give"),
    "nudge_thanks": _("A nudge: a thank-you"),
    "survey": _("A survey asks something"),
    "goal": _("A goal was reached or missed, or will be missed"),
    "alert": _("Something of the community needs somebody, or does no more"),
    "digest": _("The week of the community, for who looks after it"),
    "offer": _("Something is theirs, and a link has it"),
    "idea": _("A suggestion of theirs, or that they voted for, went on"),
    "nomination": _("They are nominated, or were chosen"),
    "decision": _("Something decided on a figure is to be looked at again"),
    "address": _("Whether an address is theirs"),
}
CHANNELS = {"mail": _("Mail"), "slack": "Slack", "discord": "Discord"}
#: By state: what it is called, its tone and icon.
STATES = {
    "waiting": (_("waits"), None, "clock"),
    "sending": (_("is being sent"), "accent", "clock"),
    "sent": (_("was sent"), "good", "check"),
    "bounced": (_("came back"), "bad", "alert"),
    "unknown": (_("nobody knows whether it went"), "warn", "alert"),
    "failed": (_("could not be sent"), "bad", "x"),
    "dropped": (_("was not to be sent"), None, "x"),
}
WHY = {
    "no_address": _("No address of theirs is known and confirmed"),
    "stopped_address": _("Their address is not written to any more: mail came back, or they complained"),
    "unwanted": _("They want none of that"),
    "not_a_person": _("They are a bot"),
    "erased": _("They were forgotten"),
    "expired": _("It was too late for it"),
    "not_set_up": _("Nothing can be sent that way here"),
    "refused": _("The server does not take it"),
    "no_answer": _("The server gave no answer"),
    "tries_over": _("The server did not take it, however often it was tried"),
    "room_gone": _("The chat says that there is no such room any more"),
    "not_opened": _("The key that opens the address is gone"),
}
ADDRESS = {
    "unconfirmed": (_("waits until you follow the link in the mail"), "warn", "clock"),
    "confirmed": (_("is written to"), "good", "check"),
    "bounced": (_("is not written to: mail came back"), "bad", "alert"),
    "complained": (_("is not written to: its holder wants no mail"), "bad", "alert"),
}
PACES = (
    ("at_once", _("at once")),
    ("daily", _("once a day, together")),
    ("weekly", _("on Mondays, together")),
)
