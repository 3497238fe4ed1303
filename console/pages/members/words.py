"""What members are and do, and why something earned nothing, in words for people."""

from collections.abc import Mapping
from typing import Any, Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What members can be narrowed by, as the API calls it.
MARKS: Final = {
    "person": _("People"),
    "bot": _("Bots"),
    "staff": _("Staff"),
    "departed": _("Departed"),
    "hidden": _("Hidden"),
    "unverified": _("Unverified"),
}
#: What can be said of members by hand: its name in the API, what is said, and the words of it.
ACTS: Final[Mapping[str, tuple[str, bool, str]]] = {
    "hide": ("hidden", True, _("Leave out of boards")),
    "show": ("hidden", False, _("Show on boards again")),
    "bot": ("bot", True, _("No person: a bot")),
    "person": ("bot", False, _("A person, no bot")),
    "staff": ("staff", True, _("Staff")),
    "not-staff": ("staff", False, _("No staff")),
    "departed": ("departed", True, _("Departed")),
    "back": ("departed", False, _("Back again")),
}
#: What takes an act back.
OPPOSITE: Final = {
    "hide": "show",
    "show": "hide",
    "bot": "person",
    "person": "bot",
    "staff": "not-staff",
    "not-staff": "staff",
    "departed": "back",
    "back": "departed",
}
#: Who said what somebody is.
BY: Final = {"platform": _("said by a platform"), "pattern": _("by a pattern"), "hand": _("said by hand")}
#: Why two may be one person.
REASONS: Final = {
    "same_subject": _("one account at a sign-in provider"),
    "same_email": _("the same mail address"),
    "same_name": _("the same name on two channels"),
    "same_handle": _("the same handle on two channels"),
}
#: What an event is, where it is of a type that comes with Plaudit, and its icon.
EVENTS: Final = {
    "chat.message.v1": (_("Wrote a message"), "chat"),
    "chat.reaction.v1": (_("Reacted"), "heart"),
    "code.commit.v1": (_("Made a commit"), "code"),
    "code.issue.v1": (_("Worked on an issue"), "code"),
    "code.pull_request.v1": (_("Worked on a pull request"), "merge"),
    "code.review.v1": (_("Reviewed a pull request"), "eye"),
    "code.comment.v1": (_("Commented on code"), "chat"),
    "code.release.v1": (_("Worked on a release"), "mega"),
    "code.star.v1": (_("Starred a repository"), "star"),
    "forum.post.v1": (_("Started a topic"), "doc"),
    "forum.reply.v1": (_("Answered"), "reply"),
    "forum.answer_accepted.v1": (_("Accepted an answer"), "check"),
    "in_person.check_in.v1": (_("Was there in person"), "pin"),
    "kudos.given.v1": (_("Thanked somebody"), "heart"),
    "member.joined.v1": (_("Joined"), "plus"),
    "shop.purchase.v1": (_("Bought something"), "gift"),
    "social.share.v1": (_("Shared something"), "mega"),
    "support.ticket_resolved.v1": (_("Helped with a ticket"), "check"),
    "survey.response.v1": (_("Answered a survey"), "pen"),
    "content.read.v1": (_("Read something"), "eye"),
    "content.rated.v1": (_("Rated something"), "star"),
    "content.voted.v1": (_("Voted"), "up"),
    "chat.reaction_removed.v1": (_("Took a reaction back"), "undo"),
    "idea.suggested.v1": (_("Suggested something"), "pen"),
    "nomination.made.v1": (_("Nominated somebody"), "cup"),
    "nomination.voted.v1": (_("Voted for somebody"), "check"),
    "nomination.won.v1": (_("Somebody was chosen"), "cup"),
    "idea.voted.v1": (_("Voted for a suggestion"), "check"),
    "idea.status_changed.v1": (_("A suggestion went on"), "flow"),
    "member.visited.v1": (_("Came by"), "user"),
    "member.referred.v1": (_("Brought somebody"), "people"),
    "moderation.reported.v1": (_("Reported something"), "shield"),
    "moderation.decided.v1": (_("Decided about a report"), "shield"),
    "moderation.appealed.v1": (_("Appealed against a decision"), "undo"),
    "moderation.appeal_decided.v1": (_("Decided an appeal"), "check"),
    "policy.accepted.v1": (_("Accepted a policy"), "check"),
    "activity.retracted.v1": (_("Took something back"), "undo"),
    "activity.restored.v1": (_("Restored something"), "undo"),
}
#: Why a rule that listens gave nothing, by the reason of scoring.
DECLINED: Final = {
    "condition_false": _("its condition was not met"),
    "condition_failed": _("its condition could not be judged"),
    "too_slow": _("its condition took too long to judge"),
    "no_beneficiary": _("nobody is named whom it pays"),
    "bot": _("bots earn nothing"),
    "unearning": _("the community leaves them out of earning"),
    "audience": _("they are in none of its audiences"),
    "own_act": _("nobody earns by what they do to their own"),
    "twice": _("they get it already, as somebody else in the event"),
    "points_failed": _("its points could not be calculated"),
    "no_points": _("its points came to nothing"),
    "quality": _("who judged was not trusted so far, or it was not found so good"),
    "limit": _("a limit is full"),
    "cooldown": _("it gave something shortly before"),
    "diminished": _("a further one of the time is worth less"),
    "floor": _("no more is taken than there is"),
    "campaign": _("it was not in the time of its campaign"),
    "holdout": _("its campaign leaves them out, by lot"),
    "budget": _("the budget of its campaign was spent"),
    "pacing": _("its campaign spent faster than planned"),
    "stopped": _("its campaign was stopped"),
    "upheld": _("a report of what it is about was upheld"),
    "suspended": _("the member was suspended then"),
    "waiting": _("what fits under its limits is being worked out"),
    "retracted": _("it was taken back"),
    "held": _("it is held until somebody has looked at it"),
    "denied": _("somebody looked at it, and denied it"),
}


def event_words(event: Mapping[str, Any]) -> tuple[str, str]:
    """What an event is, and its icon: a text of ours, or its type where it is the community's own."""
    return EVENTS.get(event["type"], (event["type"], "flow"))
