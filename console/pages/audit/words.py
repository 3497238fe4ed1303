"""What entries of the audit log say, in words, and where what they were done to can be seen."""

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from console.components.languages import Writer, short_id
from console.frame.navigation import (
    CATALOGUE,
    COMMUNITY,
    EXPLORER,
    GENERAL_LEDGER,
    GIFT_CARDS,
    KEYS,
    LEDGER,
    LIABILITY,
    PAYOUT_RUNS,
    PEOPLE,
    PROGRAMME,
    RATES,
    REDEMPTIONS,
    SHIPPING,
    WAITING,
    WALLETS,
    Link,
)


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: By the command, as docs/audit.md lists them.
COMMANDS: Final = {
    "person.add": _("added a person"),
    "person.set_roles": _("said what a person is"),
    "person.disable": _("disabled a person"),
    "person.enable": _("enabled a person again"),
    "person.tie": _("said which member a person is"),
    "person.untie": _("said which member a person is not"),
    "person.tie_oneself": _("showed which member they are"),
    "person.unbind": _("unbound a person from their sign-in"),
    "key.issue": _("made an access key"),
    "key.rotate": _("rotated an access key"),
    "key.revoke": _("revoked an access key"),
    "community.declare": _("declared the community"),
    "community.change": _("changed the community"),
    "community.measure_again": _("had texts measured again"),
    "review_policy.approve": _("let one person publish"),
    "review_policy.withdraw": _("let two people publish as before"),
    "sign_in_link.make": _("made a link that signs in"),
    "token.issue": _("signed in"),
    "member.declare_identities": _("declared identities to be one person"),
    "community.declare_members": _("declared members, many at once"),
    "member.link_identity": _("linked an identity to a member"),
    "member.say_standing": _("said what a member is"),
    "member.merge": _("merged a member into another"),
    "member.unmerge": _("parted a member from another"),
    "member.set_attributes": _("set what is known of a member"),
    "member.erase": _("forgot a member for good"),
    "member.set_preferences": _("set what a member prefers"),
    "refused_event.replay": _("sent again what had been refused"),
    "refused_event.replay_all": _("sent again all that had been refused"),
    "occasion.add": _("added an occasion"),
    "occasion.set_device": _("said which device takes lists of an occasion"),
    "occasion.take_list": _("handed in a list of who was there"),
    "occasion.check_in": _("checked in where people met"),
    "message.set": _("said which messages go out"),
    "message.set_room": _("said where a room is told of badges"),
    "message.forget_room": _("stopped posting to a room"),
    "message.set_words": _("changed the words of a message"),
    "message.forget_words": _("went back to the words that come with Plaudit"),
    "message.send_again": _("sent a message again"),
    "message.try_out": _("tried a message"),
    "message.hear_bounce": _("handed in a mail that came back"),
    "message.stop": _("ended messages by a link in one"),
    "member.set_mail_address": _("said a member's mail address"),
    "member.confirm_mail_address": _("confirmed a mail address by the link in a mail"),
    "member.forget_mail_address": _("forgot a member's mail address"),
    "member.set_message_wishes": _("said what a member wants to hear of"),
    "recipient.add": _("held somebody to write to"),
    "recipient.forget": _("forgot somebody who was held to write to"),
    "recipient.add_table": _("held the people of a table to write to"),
    "recipient.come_in": _("came in by the link of a mail"),
    "recipient.take_offer": _("took what a mail offers"),
    "celebration.react": _("reacted to a celebration"),
    "celebration.see": _("said that they saw celebrations"),
    "nomination_round.declare": _("declared a choice among members"),
    "nomination_round.cancel": _("gave up a choice among members"),
    "nomination.make": _("nominated a member"),
    "nomination.accept": _("said that they stand"),
    "nomination.decline": _("said that they do not stand"),
    "nomination.vote": _("voted for a member"),
    "idea.suggest": _("suggested something"),
    "idea.vote": _("voted for a suggestion"),
    "idea.withdraw": _("withdrew a vote for a suggestion"),
    "idea.move": _("went on with a suggestion"),
    "idea.join": _("joined a suggestion to another"),
    "kudos.give": _("thanked a member"),
    "kudos.take_back": _("took thanks back"),
    "survey.answer": _("answered a survey"),
    "connector.add": _("connected a platform"),
    "connector.change": _("changed a connected platform"),
    "connector.rotate": _("rotated the secret of a platform"),
    "connector.remove": _("removed a connected platform"),
    "connector.replay": _("had a delivery mapped again"),
    "connector.replay_all": _("had deliveries of a platform mapped again"),
    "webhook.add": _("added a webhook"),
    "webhook.change": _("changed a webhook"),
    "webhook.rotate": _("rotated the secret of a webhook"),
    "webhook.test": _("tried a webhook"),
    "webhook.remove": _("removed a webhook"),
    "webhook.replay": _("had a fact delivered again"),
    "webhook.replay_all": _("had facts delivered again"),
    "programme.publish": _("published or proposed a programme"),
    "programme.approve": _("approved a programme"),
    "programme.withdraw": _("withdrew a programme"),
    "programme.send_back": _("sent a programme back"),
    "programme.roll_back": _("went back to an earlier programme"),
    "programme_draft.begin": _("began a draft of the programme"),
    "programme_draft.save": _("saved a draft of the programme"),
    "programme_draft.submit": _("submitted a draft of the programme"),
    "programme_draft.discard": _("discarded a draft of the programme"),
    "badge.grant": _("gave a badge by hand"),
    "badge.take_back": _("took a badge back"),
    "credential.take_away": _("took a badge away"),
    "credential_issuer.put": _("said who the community is as an issuer of badges"),
    "credential_issuer.rotate_key": _("had badges signed with a new key"),
    "credential_issuer.declare_stolen": _("said that a key that signs badges was stolen"),
    "level.lock": _("fixed a member's level"),
    "level.unlock": _("let a member's level go"),
    "streak.freeze": _("gave a freeze of a streak"),
    "badge.put_picture": _("uploaded the picture of a badge"),
    "badge.drop_picture": _("threw away the picture of a badge"),
    "quest.join": _("joined a quest"),
    "quest.leave": _("left the team of a quest"),
    "draw.draw": _("drew the winners of a draw"),
    "guidelines.accept": _("accepted the guidelines"),
    "guideline_case.report": _("reported something"),
    "guideline_case.report_own": _("reported something as a member"),
    "guideline_case.decide": _("decided what was reported"),
    "guideline_case.appeal": _("appealed against a decision"),
    "guideline_case.rule": _("decided an appeal"),
    "suspension.begin": _("suspended a member"),
    "suspension.lift": _("lifted a suspension"),
    "manual_award.ask": _("gave or took points by hand"),
    "manual_award.approve": _("approved points by hand"),
    "manual_award.decline": _("declined points by hand"),
    "signal_case.release": _("released held points, or asked to"),
    "signal_case.approve": _("approved the release of held points"),
    "signal_case.deny": _("denied held points"),
    "signal_case.decide": _("decided about held points of a group"),
    "manual_award.reverse": _("took points by hand back, or asked for it"),
    "manual_award.confirm_reversal": _("confirmed that points by hand are taken back"),
    "quality.restate": _("had all judgements of content weighed anew"),
    "campaign.stop": _("stopped a campaign"),
    "campaign.resume": _("let a campaign go on"),
    "payee.set": _("set bank details"),
    "reward.add": _("added a reward to the catalogue"),
    "reward.change": _("changed a reward of the catalogue"),
    "reward.put_picture": _("uploaded the picture of a reward"),
    "reward.drop_picture": _("threw away the picture of a reward"),
    "voucher.import": _("imported codes of a voucher"),
    "provider.connect": _("connected an account at a provider of gift cards"),
    "provider.disconnect": _("disconnected an account at a provider of gift cards"),
    "gift_card.set": _("said which gift card a reward is"),
    "gift_card.set_price": _("said whether a gift card's price follows a rate"),
    "provider_order.ask": _("had a provider asked about an order"),
    "provider_order.cancel": _("had an order at a provider cancelled"),
    "provider_order.propose": _("said what became of an order at a provider"),
    "provider_order.confirm": _("confirmed what became of an order at a provider"),
    "provider_order.acknowledge": _("noted that trouble with an order was put right"),
    "reward_link.make": _("made a link that gives a reward"),
    "reward_link.revoke": _("revoked a link that gives a reward"),
    "redemption.claim": _("claimed what a link gives"),
    "send.make": _("made a send as a draft"),
    "send.submit": _("handed in a send"),
    "send.approve": _("approved a send"),
    "send.cancel": _("called off a send"),
    "send.retry": _("tried the lines of a send that failed once more"),
    "redemption.claim_sent": _("claimed what they were sent"),
    "redemption.reserve": _("reserved a reward"),
    "redemption.confirm": _("confirmed a redemption"),
    "redemption.cancel": _("cancelled a redemption"),
    "redemption.choose": _("chose a reward"),
    "order.place": _("chose several rewards"),
    "redemption.cancel_own": _("gave a reward up"),
    "fulfilment.set_address": _("said where a reward is sent"),
    "fulfilment.take": _("took a reward in hand to send it"),
    "fulfilment.put_back": _("put a reward back that was to be sent"),
    "fulfilment.ship": _("sent a reward"),
    "fulfilment.cannot": _("said that a reward cannot be sent"),
    "ledger.check": _("had the ledger checked"),
    "account_mapping.propose": _("proposed accounts of the general ledger"),
    "account_mapping.approve": _("put accounts of the general ledger in force"),
    "account_mapping.withdraw": _("withdrew proposed accounts of the general ledger"),
    "journal_export.make": _("handed days to the general ledger"),
    "rate_policy.propose": _("proposed by which rates amounts are converted"),
    "rate_policy.approve": _("put in force by which rates amounts are converted"),
    "rate_policy.withdraw": _("withdrew rates that were proposed"),
    "rate_sheet.take": _("handed in a file of rates"),
    "liability_policy.propose": _("proposed what points are worth"),
    "liability_policy.approve": _("put in force what points are worth"),
    "liability_policy.withdraw": _("withdrew what was proposed that points are worth"),
    "payout_run.create": _("made a payout run"),
    "payout_run.approve": _("approved a payout run"),
    "payout_run.cancel": _("gave up a payout run"),
    "payout_run.file": _("wrote a bank file"),
    "payout_run.note_outcome": _("noted what the bank said"),
    "outcome.confirm": _("confirmed what the bank said"),
    "outcome.withdraw": _("withdrew what the bank was said to have said"),
    "period.close": _("proposed to close a month"),
    "period.reopen": _("proposed to open a month again"),
    "period.confirm": _("confirmed what was proposed of a month"),
    "period.withdraw": _("withdrew what was proposed of a month"),
    "journal.propose": _("proposed entries by hand"),
    "journal.confirm": _("had entries by hand booked"),
    "journal.withdraw": _("withdrew entries by hand"),
    "wallet.make": _("made a wallet"),
    "wallet.change": _("changed a wallet"),
    "wallet.freeze": _("froze a wallet"),
    "wallet_decision.propose": _("proposed something of a wallet"),
    "wallet_decision.confirm": _("had done what was proposed of a wallet"),
    "wallet_decision.withdraw": _("withdrew what was proposed of a wallet"),
    "bank_message.import": _("imported what a bank answered"),
    "bank_line.match": _("said which payout a bank's line is about"),
    "bank_line.set_aside": _("set a bank's line aside"),
    "dead_letter.replay": _("had a dead letter sent through again"),
    "dead_letter.discard": _("discarded a dead letter"),
}
READ: Final = _("read personal data")
#: What it was done to.
KINDS: Final = {
    "person": _("person"),
    "bank_message": _("a bank's file"),
    "bank_line": _("a bank's line"),
    "key": _("key"),
    "community": _("community"),
    "sign_in_link": _("for"),
    "token": _("token"),
    "member": _("member"),
    "programme": _("programme"),
    "programme_draft": _("draft of the programme"),
    "badge": _("a badge"),
    "level": _("a level"),
    "streak": _("a streak"),
    "quest": _("a quest"),
    "draw": _("a draw"),
    "reward": _("a reward"),
    "voucher": _("a voucher"),
    "provider": _("a provider of gift cards"),
    "gift_card": _("a gift card"),
    "provider_order": _("an order at a provider"),
    "reward_link": _("a link"),
    "send": _("a send"),
    "guidelines": _("guidelines"),
    "guideline_case": _("report"),
    "suspension": _("suspension"),
    "manual_award": _("points by hand"),
    "signal_case": _("held points"),
    "quality": _("quality of content"),
    "campaign": _("campaign"),
    "payee": _("bank details"),
    "redemption": _("redemption"),
    "order": _("an order"),
    "fulfilment": _("a parcel"),
    "payout_run": _("payout run"),
    "outcome": _("outcome"),
    "account_mapping": _("mapping of accounts"),
    "journal_export": _("export"),
    "rate_policy": _("policy of rates"),
    "rate_sheet": _("file of rates"),
    "liability_policy": _("policy entry"),
    "period": _("month of the books"),
    "journal": _("entries by hand"),
    "wallet": _("wallet"),
    "wallet_decision": _("decision about a wallet"),
    "review_policy": _("review policy"),
    "dead_letter": _("dead letter"),
    "refused_event": _("refused event"),
}


_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LONG_ID: Final = re.compile(r"[0-9a-f-]{32,64}")


class Change(NamedTuple):
    """A field that a command changed; None where it was not there."""

    field: str
    before: str | None
    after: str | None


def changes(entry: Mapping[str, Any], write: Writer) -> list[Change]:
    """What is not as it was; of what was made, all that is said of it."""
    before, after = entry["before"] or {}, entry["after"] or {}
    return [
        Change(field, _text(before.get(field), write), _text(after.get(field), write))
        for field in {**before, **after}
        if before.get(field) != after.get(field)
    ]


def _text(value: Any, write: Writer) -> str | None:
    """A value for people: moments in their zone, ids and hashes short."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(_text(one, write)) for one in value)
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        # What somebody called something may look like a moment that never was.
        with contextlib.suppress(ValueError, OverflowError):
            return write.moment(value)
    return short_id(value) if _LONG_ID.fullmatch(str(value)) else str(value)


def where(entry: Mapping[str, Any], may: Callable[[str], bool]) -> str | None:
    """The page of what it was done to; None where there is none, or none for whoever may not see it."""
    kind, id_ = entry["object"]["kind"], entry["object"]["id"]
    if entry["kind"] == "read":
        kind, id_ = "member", entry["member_id"]
    version = (entry["after"] or {}).get("version")
    pages: dict[str, tuple[Link, str]] = {
        "person": (PEOPLE, f"/{id_}"),
        "key": (KEYS, f"/{id_}"),
        "community": (COMMUNITY, ""),
        "programme": (PROGRAMME, f"/{version}" if version else ""),
        "outcome": (WAITING, f"/outcomes/{id_}"),
        "account_mapping": (GENERAL_LEDGER, f"/mappings/{id_}"),
        "journal_export": (GENERAL_LEDGER, f"/exports/{id_}"),
        "rate_policy": (RATES, f"/policies/{id_}"),
        "rate_sheet": (RATES, ""),
        "liability_policy": (LIABILITY, f"/policies/{id_}"),
        "payout_run": (PAYOUT_RUNS, f"/{id_}"),
        "period": (LEDGER, f"/periods/{id_}"),
        "journal": (LEDGER, f"/journals/{id_}"),
        "wallet": (WALLETS, f"/{id_}"),
        "wallet_decision": (WALLETS, f"/decisions/{id_}"),
        "member": (EXPLORER, f"/{id_}"),
        "payee": (EXPLORER, f"/{id_}"),
        "reward": (CATALOGUE, f"/{id_}"),
        "gift_card": (CATALOGUE, f"/{id_}"),
        "provider": (GIFT_CARDS, ""),
        "provider_order": (GIFT_CARDS, f"/{id_}"),
        "voucher": (CATALOGUE, f"/{id_}"),
        "redemption": (REDEMPTIONS, f"/{id_}"),
        "fulfilment": (SHIPPING, f"/{id_}"),
    }
    if kind not in pages or id_ is None:
        return None
    link, more = pages[kind]
    return f"{link.path}{more}" if link.scope is None or may(link.scope) else None
