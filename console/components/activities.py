"""What people do, by the type of event, in words for whoever did it."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: By the type of event: what somebody did.
DONE: Final = {
    "chat.message.v1": _("Wrote in the chat"),
    "chat.reaction.v1": _("Reacted to a message"),
    "code.comment.v1": _("Commented on code or an issue"),
    "code.commit.v1": _("Committed code"),
    "code.issue.v1": _("Opened an issue"),
    "code.pull_request.v1": _("Made a pull request"),
    "code.release.v1": _("Published a release"),
    "code.review.v1": _("Reviewed code"),
    "code.star.v1": _("Starred a repository"),
    "forum.answer_accepted.v1": _("An answer was accepted"),
    "forum.post.v1": _("Began a topic in the forum"),
    "forum.reply.v1": _("Answered in the forum"),
    "in_person.check_in.v1": _("Came to a meet-up"),
    "kudos.given.v1": _("Thanked somebody"),
    "member.joined.v1": _("Joined"),
    "shop.purchase.v1": _("Bought something"),
    "social.share.v1": _("Shared something"),
    "support.ticket_resolved.v1": _("Resolved a request for help"),
    "survey.response.v1": _("Answered a survey"),
    "chat.reaction_removed.v1": _("Took a reaction back"),
    "content.read.v1": _("Read something"),
    "content.rated.v1": _("Rated something"),
    "content.voted.v1": _("Voted"),
    "idea.suggested.v1": _("Suggested something"),
    "nomination.made.v1": _("Nominated somebody"),
    "nomination.voted.v1": _("Voted for somebody"),
    "nomination.won.v1": _("Somebody was chosen"),
    "idea.voted.v1": _("Voted for a suggestion"),
    "idea.status_changed.v1": _("A suggestion went on"),
    "member.visited.v1": _("Came by"),
    "member.referred.v1": _("Brought somebody"),
    "moderation.reported.v1": _("Reported something"),
    "moderation.decided.v1": _("Decided about a report"),
    "moderation.appealed.v1": _("Appealed against a decision"),
    "moderation.appeal_decided.v1": _("Decided an appeal"),
    "policy.accepted.v1": _("Accepted a policy"),
    "activity.retracted.v1": _("Took something back"),
    "activity.restored.v1": _("Restored something"),
}
#: Where people do it; a platform may have others, which stand as it calls them.
CHANNELS: Final = {
    "chat": _("chat"),
    "code": _("code"),
    "forum": _("forum"),
    "in_person": _("in person"),
    "shop": _("shop"),
    "social": _("social"),
    "support": _("support"),
    "survey": _("survey"),
}
#: Who gets the points of a rule.
RECIPIENTS: Final = {
    "actor": _("whoever does it"),
    "object_author": _("whoever made it"),
    "reply_author": _("whoever is answered"),
    "contributors": _("whoever does it with them"),
    "team": _("all who do it together"),
}
#: Types that say something of other events, and earn nothing by themselves.
ABOUT_OTHERS: Final = frozenset({"activity.retracted.v1", "activity.restored.v1"})
