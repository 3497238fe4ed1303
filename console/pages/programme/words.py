"""Words of programmes, for people: what happened, who gets the points, and fields as they are called."""

from typing import Any, Final

from console.pages.programme.conditions import FIELDS, in_words


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What points are for, by the type of event: "for …".
EVENT_TYPES: Final = {
    "forum.post.v1": _("starting a topic on the forum"),
    "forum.reply.v1": _("answering on the forum"),
    "forum.answer_accepted.v1": _("an answer that the asker accepted"),
    "social.share.v1": _("sharing on a social network"),
    "chat.message.v1": _("writing in the chat"),
    "chat.reaction.v1": _("a reaction in the chat"),
    "code.commit.v1": _("a commit"),
    "code.issue.v1": _("what is done to an issue"),
    "code.pull_request.v1": _("what is done to a pull request"),
    "code.review.v1": _("a review of a pull request"),
    "code.comment.v1": _("a comment on an issue or pull request"),
    "code.release.v1": _("a release"),
    "code.star.v1": _("starring a repository"),
    "support.ticket_resolved.v1": _("resolving a support ticket"),
    "in_person.check_in.v1": _("coming to a meet-up"),
    "survey.response.v1": _("answering a survey"),
    "shop.purchase.v1": _("buying something"),
    "kudos.given.v1": _("thanking somebody"),
    "member.joined.v1": _("joining the community"),
    "member.visited.v1": _("coming by"),
    "member.referred.v1": _("bringing somebody"),
    "chat.reaction_removed.v1": _("taking a reaction back"),
    "content.read.v1": _("reading something"),
    "content.rated.v1": _("rating something"),
    "content.voted.v1": _("voting"),
    "idea.suggested.v1": _("suggesting something"),
    "nomination.made.v1": _("nominating somebody"),
    "nomination.voted.v1": _("voting for somebody"),
    "nomination.won.v1": _("being chosen"),
    "idea.voted.v1": _("voting for a suggestion"),
    "idea.status_changed.v1": _("a suggestion that went on"),
    "moderation.reported.v1": _("reporting something"),
    "moderation.decided.v1": _("deciding about a report"),
    "moderation.appealed.v1": _("appealing against a decision"),
    "moderation.appeal_decided.v1": _("deciding an appeal"),
    "policy.accepted.v1": _("accepting a policy"),
}
#: A field of a programme that is money, by its place below `rewards`.
MONEY_FIELDS: Final = {
    "minor": _("What points are worth, in the smallest unit (cents)"),
    "points": _("For how many points"),
    "currency": _("Currency"),
    "minimum_points": _("Points from which it is paid"),
    "also": _("Other currencies that are paid"),
    "paying_account.iban": _("Account that pays"),
    "paying_account.name": _("Name of who pays"),
    "paying_account.bic": _("Bank that pays"),
    "paying_account.address.town": _("Town of who pays"),
    "paying_account.address.country": _("Country of who pays"),
    "paying_account.address.post_code": _("Post code of who pays"),
    "paying_account.address.street": _("Street of who pays"),
    "paying_account.address.building": _("House number of who pays"),
    "paying_account.batch_booking": _("One booking for the whole file"),
    "paying_account.purpose": _("Purpose that the payee's bank is told"),
    "paying_account.instant": _("Instant payments"),
    "paying_account.file_max_count": _("Payments that the bank takes in a file"),
    "paying_account.file_max_minor": _("Sum up to which the bank takes a file, in the smallest unit (cents)"),
}
NOUNS: Final = {
    "programme": _("The programme"),
    "rule": _("Rule"),
    "limit": _("Limit"),
    "badge": _("Badge"),
    "level": _("Level"),
    "streak": _("Streak"),
    "milestone": _("Milestone"),
    "nudge": _("Nudge"),
    "reward": _("Reward"),
    "attribute": _("Attribute"),
    "counter": _("Counter"),
    "score": _("Score"),
    "goal": _("Goal"),
    "audience": _("Audience"),
    "quality": _("Quality of content"),
    "campaign": _("Campaign"),
    "survey": _("Survey"),
    "surveys": _("Surveys"),
    "payout": _("Payouts"),
    "reason": _("Reason for points by hand"),
    "manual": _("Points by hand"),
    "category": _("Category of the guidelines"),
    "guidelines": _("Guidelines"),
}
#: What templates take that say what is in a programme.
WORDS: Final[dict[str, Any]] = {
    "event_types": EVENT_TYPES,
    "money_fields": MONEY_FIELDS,
    "nouns": NOUNS,
    "condition_fields": FIELDS,
    "in_words": in_words,
}
