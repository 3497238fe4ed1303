"""What services say of commands that they refuse, in words for people."""

from dataclasses import dataclass
from typing import Final

from console.asking import Answer


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: By the last word of a problem's type. What is not here says so in the service's own words.
TITLES: Final = {
    "own-roles": _("Nobody decides about themselves: another administrator does"),
    "not-a-role-here": _("The installation has no such role"),
    "other-community": _("That reaches beyond this community"),
    "unknown-person": _("There is no such person here"),
    "not-their-scopes": _("The person's roles do not give that"),
    "not-usable-key": _("The key works no more"),
    "unknown-key": _("There is no such key"),
    "too-many-links": _("Too many links for the moment"),
    "stale-revision": _("Somebody changed it meanwhile: look at it again"),
    "too-many-changes": _("Time zone or week were changed too often"),
    "invalid-request": _("Something in the form is not taken"),
    "account-mapping-four-eyes": _("It takes another person than you"),
    "account-mapping-decided": _("It does not wait any more"),
    "mapped-twice": _("An account and event are named twice"),
    "too-many-mappings": _("Too much waits for another person: have some of it decided first"),
    "unmapped-accounts": _("Some of it is mapped to no account: nothing was exported"),
    "journal-export-refused": _("These days cannot be exported"),
    "liability-policy-four-eyes": _("It takes another person than you"),
    "liability-policy-decided": _("It does not wait any more"),
    "liability-other-currency": _("The books of points are in another currency"),
    "too-many-policies": _("Too much waits for another person: have some of it decided first"),
    "four-eyes": _("It takes another person than you"),
    "programme-four-eyes": _("It takes another person than you"),
    "programme-not-withdrawable": _("The version can not be withdrawn any more"),
    "other-programme": _("The community has another programme: its id stays the same in every version"),
    "check-too-slow": _("The programme takes too long to check"),
    "checks-busy": _("Other programmes are being checked: try again"),
    "programme-not-waiting": _("It does not wait any more"),
    "no-manual-awards": _("The programme names no reasons for points by hand"),
    "unknown-reason": _("The programme names no such reason any more"),
    "persons-limit": _("That is more than one person may give"),
    "points-below-floor": _("They have fewer points than that"),
    "no-guidelines": _("The programme says nothing of guidelines"),
    "unknown-case": _("There is no such report"),
    "unknown-category": _("The guidelines have no such category any more"),
    "case-decided": _("It does not wait for that any more"),
    "about-yourself": _("Nobody decides what is about themselves: another person does"),
    "member-taken": _("The member is another person here"),
    "too-many-ties": _("One person cannot be that many members"),
    "unknown-identity": _("No member has that identity"),
    "own-case": _("It takes another person than you"),
    "appeal-too-late": _("The time to appeal has ended"),
    "other-guidelines": _("Another version is in force now: read that first"),
    "unknown-suspension": _("There is no such suspension any more"),
    "unknown-level": _("The programme has no such level any more"),
    "level-not-locked": _("Nobody fixed the level: it is what they do already"),
    "survey-closed": _("The time to answer is over"),
    "survey-answered": _("It is answered, and can not be changed any more"),
    "kudos-closed": _("Giving kudos is open from another level on"),
    "stale-reward": _("Somebody changed it meanwhile: look at it again"),
    "reward-exists": _("There is a reward of that id"),
    "catalogue-full": _("The catalogue has as many rewards as it may have"),
    "unusable-reward": _("Something in the form does not fit together"),
    "codes-refused": _("Nothing was taken in: lines of the table have faults"),
    "too-many-codes": _("As many codes wait to be given as may"),
    "no-voucher-keys": _("Codes cannot be sealed here: whoever operates the installation gives it a key"),
    "reward-level-lacking": _("It takes a level that you do not have yet"),
    "reward-had-enough": _("One person may have no more of it"),
    "unknown-reward-link": _("The link is not whole"),
    "reward-link-over": _("The link gives nothing any more"),
    "reward-link-ends": _("A link ends neither in the past nor that late"),
    "too-many-reward-links": _("Too many links are open: revoke those that nobody needs"),
    "level-too-low": _("Rewards are open from another level on"),
    "unknown-streak": _("The programme has no such streak any more"),
    "freezes-enough": _("They have as many freezes as one may have"),
    "unknown-campaign": _("The programme has no such campaign any more"),
    "reason-gone": _("The programme has that reason no more; it can only be declined"),
    "manual-four-eyes": _("It takes another person than who asked"),
    "manual-award-decided": _("It does not wait any more"),
    "unknown-signal-case": _("There is no such case any more"),
    "signal-case-decided": _("It does not wait any more"),
    "signal-four-eyes": _("It takes another person than who asked"),
    "signal-reason": _("The reason does not go with that"),
    "too-many-waiting": _("Too much waits for another person: have some of it decided first"),
    "draft-changed": _("Somebody else saved the draft: look at it again"),
    "draft-submitted": _("The draft was submitted"),
    "too-many-drafts": _("There are as many drafts as there may be: discard one first"),
    "draft-too-large": _("The text is too long for a programme"),
    "unknown-draft": _("There is no such draft any more"),
    "payout-seal-differs": _("The list has changed since you saw it: nothing was approved"),
    "payout-run-refused": _("The run does not allow that any more"),
    "no-payable-terms": _("The programme has no terms that payouts can be made of"),
    "bank-file-not-told-yet": _("The file is kept back for a moment: ask again"),
    "no-bank-file": _("The run has no bank file"),
    "rows-altered": _("Rows were changed behind the service's back: nothing was done"),
    "redemption-not-confirmable": _("It can not be handed out any more"),
    "period-refused": _("The month does not allow that"),
    "period-not-settled": _("Something is still being booked: send it again in a moment"),
    "unknown-period": _("The books have no such month"),
    "journal-refused": _("The entry cannot be booked"),
    "unknown-journal": _("There is no such entry any more"),
    "payout-run-stopped": _("The run is stopped"),
    "payout-outcome-refused": _("It does not wait any more"),
    "too-many-entries": _("The table would be too long: choose fewer days or one person"),
    "nothing-waits": _("It does not wait any more"),
    "policy-four-eyes": _("It takes another person than you"),
    "no-kudos": _("The programme has no kudos"),
    "unknown-value": _("The programme has no such value any more"),
    "own-kudos": _("Nobody thanks themselves"),
    "kudos-allowance-spent": _("You have given all that you may in this month, to all or to this member"),
    "unknown-kudos": _("There is no such kudos of yours any more"),
    "unknown-quest": _("The programme has no such quest any more"),
    "unknown-team": _("The quest has no team of that name"),
    "quest-not-joined": _("The quest is not joined in that way"),
    "quest-over": _("The time of the quest is over"),
    "quest-completed": _("The quest is completed"),
    "team-name-taken": _("Another team has that name"),
    "team-full": _("The team has no place left"),
    "in-team": _("You are in a team of the quest already"),
    "draw-open": _("The draw still takes tickets"),
    "out-of-stock": _("There are no more of it"),
    "not-enough-points": _("You have too few points to spend for that"),
    "unknown-reward": _("It is not offered any more"),
    "redemption-not-cancellable": _("It cannot be given up any more"),
    "idempotency-key-reused": _("That form was sent before: look at what became of it"),
    "invalid-bank-details": _("Something in the bank details is not right"),
    "bank-details-unconfirmed": _("Say whether that is meant so"),
    "too-many-facts": _("Too much was said of you: an operator can help"),
    "missing-scope": _("Your roles do not allow that"),
    "undecided-points": _("Say first what becomes of the points"),
    "same-member": _("They are one member already"),
    "not-merged": _("They are not merged"),
    "too-many-merges": _("One person cannot be that many members"),
    "unknown-member": _("There is no such member"),
    "unusable-check-in-code": _("The code lets nobody check in: scan the one that is shown where you are"),
    "expired-check-in-code": _("The code's time is over: scan the one that is shown now"),
    "occasion-not-open": _("Nobody checks in there at this time"),
    "occasion-full": _("As many have checked in as may"),
    "too-many-occasions": _("There are too many occasions that are not over"),
    "connection-exists": _("There is a platform of that name already"),
    "too-many-platforms": _("As many platforms are connected as may be"),
    "unknown-webhook": _("There is no such webhook any more"),
    "webhook-exists": _("There is a webhook of that name already"),
    "too-many-webhooks": _("There are as many webhooks as there may be"),
    "webhook-address-refused": _("Nothing may be delivered to that address"),
    "webhook-types-not-readable": _("Your roles do not let you read all that it would get"),
    "webhooks-not-set-up": _("Nothing can be delivered from this installation yet"),
    "webhook-delivery-waiting": _("It is on its way already"),
    "unknown-connector": _("There is no such connector to connect by"),
    "not-a-connector": _("The text is no connector"),
    "unusable-secret": _("That can be no secret of this platform"),
    "connecting-not-set-up": _("No platform can be connected here: an operator sets a key for secrets first"),
    "not-replayable": _("It can not be mapped again"),
    "fenced": _("The service takes no command at the moment: nothing was done"),
}
DOWN: Final = _("The service does not answer: look whether it was done before you do it again")


@dataclass(frozen=True)
class Refusal:
    """Why nothing was done: a text of ours to be translated, and the service's own detail."""

    title: str | None
    detail: str = ""
    status: int = 409

    @classmethod
    def of(cls, answer: Answer) -> "Refusal":
        """What a page says of an answer that is not as wished."""
        if answer.status is None or not answer.problem:
            return cls(DOWN, status=503)
        said = answer.problem
        title = TITLES.get(answer.problem_slug)
        detail = str(said.get("detail", ""))
        return cls(title or str(said.get("title", "")) or None, detail, answer.status)
