"""Every command of every API: whether somebody could decide about themselves by it, and what keeps them."""

from pathlib import Path
from typing import Final

from shared.services import SERVICES
from tools.schemas import openapi_document

ROOT = Path(__file__).parents[2]
SCORING = "tests/integration/services/scoring/test_own_cases_at_scoring.py"
INGEST = "tests/integration/services/ingest/test_ties.py"
REWARDS = "tests/integration/services/rewards"
BADGES = "tests/integration/services/recognition/test_badges_by_hand.py"
_MODERATES = f"{SCORING} test_who_moderates_decides_neither_their_own_content_nor_what_they_reported_as_a_member"
_BY_HAND = f"{SCORING} test_nobody_gives_takes_or_decides_points_by_hand_of_their_own"
_HELD = f"{SCORING} test_nobody_decides_what_is_held_of_theirs_nor_of_whom_they_gave_to"
_BADGE = f"{BADGES} test_nobody_gives_or_takes_back_a_badge_of_their_own"
_PAID = f"{REWARDS}/test_outcomes_of_two.py test_nobody_approves_what_pays_them_nor_confirms_that_it_came_back"
_OWED = f"{REWARDS}/test_write_offs.py test_nobody_has_their_own_debt_written_off"
_STOPPED = f"{REWARDS}/test_payouts_held.py test_nobody_holds_leaves_out_or_releases_what_is_their_own"
_ATTESTED = f"{REWARDS}/test_payees_on_file.py test_nobody_attests_of_themselves"
_CHOSEN = f"{REWARDS}/test_redeeming.py test_nobody_confirms_what_they_chose_themselves"
_SENT = f"{REWARDS}/test_sends.py test_much_takes_another_person_and_nobody_sends_to_themselves"
_REFUNDED = f"{REWARDS}/test_refunds_of_redemptions.py test_nobody_refunds_what_is_theirs"
_FOUND_OUT = f"{REWARDS}/test_gift_cards.py test_nobody_decides_what_became_of_their_own_order"
_SHIPPED = f"{REWARDS}/test_goods_sent.py test_nobody_sends_themselves_what_they_chose"
_MERGES = f"{INGEST} test_who_is_one_by_a_merge_is_that_person_too_while_it_lasts_and_no_merge_is_by_oneself"
_IDEAS = "tests/integration/services/ingest/test_ideas.py test_nobody_goes_on_with_what_they_suggested_themselves"
#: What decides about a member, and the test in which somebody tries it for themselves.
DECIDES: Final = {
    "scoring POST /v1/guideline-cases/{case_id}/decide": _MODERATES,
    "scoring POST /v1/guideline-cases/{case_id}/rule": _MODERATES,
    "scoring POST /v1/suspensions": _MODERATES,
    "scoring POST /v1/suspensions/{suspension_id}/lift": _MODERATES,
    "scoring POST /v1/manual-awards": _BY_HAND,
    "scoring POST /v1/manual-awards/{manual_id}/approve": _BY_HAND,
    "scoring POST /v1/manual-awards/{manual_id}/decline": _BY_HAND,
    "scoring POST /v1/manual-awards/{manual_id}/reverse": _BY_HAND,
    "scoring POST /v1/manual-awards/{manual_id}/confirm-reversal": _BY_HAND,
    "scoring POST /v1/signals/{case_id}/release": _HELD,
    "scoring POST /v1/signals/{case_id}/approve": _HELD,
    "scoring POST /v1/signals/{case_id}/deny": _HELD,
    "scoring POST /v1/signals/decisions": _HELD,
    "recognition POST /v1/members/{member_id}/badges": _BADGE,
    "recognition POST /v1/members/{member_id}/badges/{badge_id}/take-back": _BADGE,
    "recognition POST /v1/badges/{badge_id}/misnumbered/{grant_id}/renumber": _BADGE,
    "recognition POST /v1/members/{member_id}/level-lock": _BADGE,
    "recognition POST /v1/members/{member_id}/level-unlock": _BADGE,
    "recognition POST /v1/members/{member_id}/streaks/{streak_id}/freezes": _BADGE,
    "rewards POST /v1/payout-runs/{run_id}/approve": _PAID,
    "rewards POST /v1/payout-runs/{run_id}/outcomes/{outcome_id}/confirm": _PAID,
    "rewards POST /v1/debt-write-offs": _OWED,
    "rewards POST /v1/debt-write-offs/{write_off_id}/approve": _OWED,
    "rewards POST /v1/debt-write-offs/{write_off_id}/reverse": _OWED,
    "rewards POST /v1/payouts/{payout_id}/clearances": _STOPPED,
    "rewards POST /v1/payout-clearances/{clearance_id}/approve": _STOPPED,
    "rewards POST /v1/payees/{member_id}/attestations": _ATTESTED,
    "rewards POST /v1/payee-attestations/{attestation_id}/withdraw": _ATTESTED,
    "rewards POST /v1/payouts/{payout_id}/hold": _STOPPED,
    "rewards POST /v1/payouts/{payout_id}/leave-out": _STOPPED,
    "rewards POST /v1/payout-holds/{hold_id}/release": _STOPPED,
    "rewards POST /v1/redemptions/{redemption_id}/confirm": _CHOSEN,
    "rewards POST /v1/redemptions/{redemption_id}/refunds": _REFUNDED,
    "rewards POST /v1/redemptions/{redemption_id}/refunds/{refund_id}/approve": _REFUNDED,
    "rewards POST /v1/sends/{send_id}/submit": _SENT,
    "rewards POST /v1/sends/{send_id}/approve": _SENT,
    "rewards POST /v1/provider-orders/{redemption_id}/outcome": _FOUND_OUT,
    "rewards POST /v1/provider-orders/{redemption_id}/outcome/confirm": _FOUND_OUT,
    "rewards POST /v1/fulfilments/{redemption_id}/take": _SHIPPED,
    "rewards POST /v1/fulfilments/{redemption_id}/ship": _SHIPPED,
    "ingest POST /v1/members/{member_id}/merge": _MERGES,
    "ingest POST /v1/members/{member_id}/unmerge": _MERGES,
    "ingest PUT /v1/members/{member_id}/standing": _MERGES,
    "ingest PUT /v1/members/{member_id}/attributes": _MERGES,
    "ingest POST /v1/ideas/{idea_id}/move": _IDEAS,
    "ingest POST /v1/ideas/{idea_id}/join": _IDEAS,
}
THEIRS = "a member does so for themselves"
NOBODYS = "about no member"
OWN_ROLES = "about a person, and never oneself: `own-roles`"
RECORDS = "what others said is written down, or asked for: another decides"
#: What does not, and why.
DECIDES_NOT: Final = {
    "scoring POST /v1/members/{member_id}/guidelines/accept": THEIRS,
    "scoring POST /v1/members/{member_id}/guideline-reports": RECORDS,
    "scoring POST /v1/members/{member_id}/guideline-cases/{case_id}/appeal": THEIRS,
    "scoring POST /v1/guideline-reports": RECORDS,
    "recognition POST /v1/members/{member_id}/badges/{badge_id}/credential": THEIRS,
    "recognition PUT /v1/credential-issuer": NOBODYS,
    "recognition POST /v1/credential-issuer/rotate-key": NOBODYS,
    "recognition POST /v1/credential-issuer/keys/{key_name}/stolen": NOBODYS,
    "scoring POST /v1/content/restatements": NOBODYS,
    "scoring POST /v1/audiences/preview": NOBODYS,
    "scoring POST /v1/programmes": NOBODYS,
    "scoring POST /v1/programmes/{version}/approve": NOBODYS,
    "scoring POST /v1/programmes/{version}/withdraw": NOBODYS,
    "scoring POST /v1/programmes/{version}/send-back": NOBODYS,
    "scoring POST /v1/programmes/{version}/rollback": NOBODYS,
    "scoring POST /v1/programmes/completions": NOBODYS,
    "scoring POST /v1/programmes/what-if": NOBODYS,
    "scoring POST /v1/backtests": NOBODYS,
    "scoring POST /v1/backtests/{backtest_id}/cancel": NOBODYS,
    "scoring POST /v1/restatements": NOBODYS,
    "scoring POST /v1/restatements/{restatement_id}/submit": NOBODYS,
    "scoring POST /v1/restatements/{restatement_id}/approve": NOBODYS,
    "scoring POST /v1/restatements/{restatement_id}/cancel": NOBODYS,
    "scoring POST /v1/restatements/{restatement_id}/reverse": NOBODYS,
    "scoring POST /v1/restatements/{restatement_id}/approve-reversal": NOBODYS,
    "scoring POST /v1/programme-drafts": NOBODYS,
    "scoring PUT /v1/programme-drafts/{draft_id}": NOBODYS,
    "scoring DELETE /v1/programme-drafts/{draft_id}": NOBODYS,
    "scoring POST /v1/programme-drafts/{draft_id}/submit": NOBODYS,
    "scoring POST /v1/campaigns/{campaign_id}/stop": NOBODYS,
    "scoring POST /v1/campaigns/{campaign_id}/resume": NOBODYS,
    "recognition PUT /v1/badges/{badge_id}/picture": NOBODYS,
    "recognition DELETE /v1/badges/{badge_id}/picture": NOBODYS,
    "recognition POST /v1/badge-count": NOBODYS,
    "rewards POST /v1/payout-runs": RECORDS,
    "rewards POST /v1/payout-runs/{run_id}/cancel": "it pays nobody",
    "rewards POST /v1/payout-runs/{run_id}/file": "of what another approved",
    "rewards POST /v1/payout-runs/{run_id}/outcome": RECORDS,
    "rewards POST /v1/bank-messages": RECORDS,
    "rewards POST /v1/bank-lines/{line_id}/match": RECORDS,
    "rewards POST /v1/bank-lines/{line_id}/set-aside": "nothing happens",
    "rewards POST /v1/payout-runs/{run_id}/outcome-preview": NOBODYS,
    "rewards POST /v1/ledger/checks": NOBODYS,
    "rewards POST /v1/finance/account-mappings": NOBODYS,
    "rewards POST /v1/finance/account-mappings/{mapping_id}/approve": NOBODYS,
    "rewards POST /v1/finance/account-mappings/{mapping_id}/withdraw": NOBODYS,
    "rewards POST /v1/finance/journal-exports": NOBODYS,
    "rewards POST /v1/payout-clearances/{clearance_id}/withdraw": "nothing happens",
    "rewards POST /v1/finance/sanctions-lists": NOBODYS,
    "rewards POST /v1/finance/sanctions-lists/{list_id}/approve": NOBODYS,
    "rewards POST /v1/finance/sanctions-lists/{list_id}/withdraw": NOBODYS,
    "rewards POST /v1/bank-checks": NOBODYS,
    "rewards POST /v1/bank-check-items/{item_id}/look": NOBODYS,
    "rewards POST /v1/bank-check-items/{item_id}/explain": NOBODYS,
    "rewards POST /v1/payout-schedules": NOBODYS,
    "rewards POST /v1/payout-schedules/{schedule_id}/approve": NOBODYS,
    "rewards POST /v1/payout-schedules/{schedule_id}/withdraw": NOBODYS,
    "rewards POST /v1/payout-schedules/{schedule_id}/stop": NOBODYS,
    "rewards POST /v1/finance/payout-policies": NOBODYS,
    "rewards POST /v1/finance/payout-policies/{policy_id}/approve": NOBODYS,
    "rewards POST /v1/finance/payout-policies/{policy_id}/withdraw": NOBODYS,
    "rewards POST /v1/finance/clawback-policies": NOBODYS,
    "rewards POST /v1/finance/clawback-policies/{policy_id}/approve": NOBODYS,
    "rewards POST /v1/finance/clawback-policies/{policy_id}/withdraw": NOBODYS,
    "rewards POST /v1/debt-write-offs/{write_off_id}/withdraw": "nothing happens",
    "rewards POST /v1/finance/liability-policies": NOBODYS,
    "rewards POST /v1/finance/liability-policies/{policy_id}/approve": NOBODYS,
    "rewards POST /v1/finance/liability-policies/{policy_id}/withdraw": NOBODYS,
    "rewards POST /v1/finance/rate-policies": NOBODYS,
    "rewards POST /v1/finance/rate-policies/{policy_id}/approve": NOBODYS,
    "rewards POST /v1/finance/rate-policies/{policy_id}/withdraw": NOBODYS,
    "rewards POST /v1/finance/rate-files": NOBODYS,
    "rewards POST /v1/periods/{month}/close": NOBODYS,
    "rewards POST /v1/periods/{month}/reopen": NOBODYS,
    "rewards POST /v1/periods/{month}/confirm": NOBODYS,
    "rewards POST /v1/periods/{month}/withdraw": NOBODYS,
    "rewards POST /v1/wallets": NOBODYS,
    "rewards PUT /v1/wallets/{wallet_id}": NOBODYS,
    "rewards POST /v1/wallets/{wallet_id}/freeze": NOBODYS,
    "rewards POST /v1/wallets/{wallet_id}/decisions": NOBODYS,
    "rewards POST /v1/wallet-decisions/{decision_id}/confirm": NOBODYS,
    "rewards POST /v1/wallet-decisions/{decision_id}/withdraw": "nothing happens",
    "rewards POST /v1/journals": "no member's account is booked on by hand",
    "rewards POST /v1/journals/{journal_id}/confirm": "no member's account is booked on by hand",
    "rewards POST /v1/journals/{journal_id}/withdraw": "nothing happens",
    "rewards POST /v1/payout-runs/{run_id}/outcomes/{outcome_id}/withdraw": "nothing happens",
    "rewards PUT /v1/payees/{member_id}": THEIRS,
    "rewards PUT /v1/payees/{member_id}/receiver": THEIRS,
    "rewards DELETE /v1/payees/{member_id}/receiver": THEIRS,
    "rewards POST /v1/remittances/{payout_id}/ask": "its provider says how it stands",
    "rewards POST /v1/remittances/{payout_id}/cancel": "it pays nobody, and its provider says what comes of it",
    "rewards POST /v1/remittances/{payout_id}/acknowledge": "nothing happens",
    "rewards POST /v1/catalogue/rewards": NOBODYS,
    "rewards PUT /v1/catalogue/rewards/{reward_id}": NOBODYS,
    "rewards PUT /v1/catalogue/rewards/{reward_id}/picture": NOBODYS,
    "rewards DELETE /v1/catalogue/rewards/{reward_id}/picture": NOBODYS,
    "rewards POST /v1/catalogue/rewards/{reward_id}/codes": NOBODYS,
    "rewards PUT /v1/catalogue/rewards/{reward_id}/card": NOBODYS,
    "rewards PUT /v1/catalogue/rewards/{reward_id}/card/price": NOBODYS,
    "rewards PUT /v1/providers/{provider}": NOBODYS,
    "rewards POST /v1/providers/{provider}/disconnect": NOBODYS,
    "rewards POST /v1/providers/{provider}/end-old-secret": NOBODYS,
    "rewards POST /v1/providers/{provider}/refresh": NOBODYS,
    "rewards POST /v1/providers/{provider}/products/accept": NOBODYS,
    "rewards POST /v1/provider-orders/{redemption_id}/ask": "its provider says how it stands",
    "rewards POST /v1/provider-orders/{redemption_id}/cancel": "they get what they had",
    "rewards POST /v1/provider-orders/{redemption_id}/acknowledge": "nothing happens",
    "rewards POST /v1/provider-webhooks/{account_id}": NOBODYS,
    "rewards POST /v1/reward-links": NOBODYS,
    "rewards POST /v1/reward-links/open": NOBODYS,
    "rewards POST /v1/reward-links/{link_id}/revoke": NOBODYS,
    "rewards POST /v1/members/{member_id}/reward-claims": THEIRS,
    "rewards POST /v1/sends": "nothing is given by a draft",
    "rewards POST /v1/sends/{send_id}/cancel": "it gives nobody anything",
    "rewards POST /v1/sends/{send_id}/retry": "of what another approved, or who is none of them handed in",
    "rewards POST /v1/members/{member_id}/sent-claims": THEIRS,
    "ingest POST /v1/offers/{token}/sign-in": THEIRS,
    "ingest POST /v1/members/{member_id}/offers": THEIRS,
    "rewards POST /v1/redemptions": THEIRS,
    "rewards POST /v1/redemptions/{redemption_id}/cancel": THEIRS,
    "rewards POST /v1/redemptions/{redemption_id}/refunds/{refund_id}/withdraw": "it gives nothing back",
    "rewards POST /v1/members/{member_id}/redemptions": THEIRS,
    "rewards POST /v1/members/{member_id}/orders": THEIRS,
    "rewards POST /v1/members/{member_id}/redemptions/{redemption_id}/cancel": THEIRS,
    "rewards PUT /v1/members/{member_id}/redemptions/{redemption_id}/address": THEIRS,
    "rewards POST /v1/fulfilments/{redemption_id}/put-back": "nothing happens",
    "rewards POST /v1/fulfilments/{redemption_id}/cannot": "it gives nothing: the points are back",
    "ingest PUT /v1/members/{member_id}/preferences": THEIRS,
    "ingest POST /v1/members/{member_id}/erase": THEIRS,
    "ingest POST /v1/members/links": "the member shows that it is theirs",
    "ingest PUT /v1/members/identities": "an identity that has another owner is given to nobody",
    "ingest POST /v1/members/declare": "an identity that has another owner is given to nobody",
    "ingest POST /v1/members/declare/preview": NOBODYS,
    "ingest POST /v1/members/search": NOBODYS,
    "ingest PUT /v1/members/{member_id}/messaging/address": THEIRS,
    "ingest DELETE /v1/members/{member_id}/messaging/address": THEIRS,
    "ingest PUT /v1/members/{member_id}/messaging/wishes": THEIRS,
    "ingest POST /v1/mail-addresses/{token}": THEIRS,
    "ingest POST /v1/unsubscribe/{token}": THEIRS,
    "ingest POST /v1/survey-invitations/{token}/answer": THEIRS,
    "ingest POST /v1/celebrations-seen": THEIRS,
    "recognition POST /v1/members/{member_id}/quests/{quest_id}/join": THEIRS,
    "recognition POST /v1/members/{member_id}/quests/{quest_id}/leave": THEIRS,
    "rewards POST /v1/draws/{draw_id}/draw": "the lot decides, and shows how",
    "ingest POST /v1/kudos": "nobody thanks themselves",
    "ingest POST /v1/kudos/{event_uid}/take-back": "it takes away, and gives nothing",
    "ingest POST /v1/kudos/receivers": NOBODYS,
    "ingest POST /v1/ideas": THEIRS,
    "ingest POST /v1/ideas/{idea_id}/vote": "nobody votes for what they suggested",
    "ingest POST /v1/ideas/{idea_id}/withdraw": "it takes away, and gives nothing",
    "ingest POST /v1/decisions": NOBODYS,
    "ingest POST /v1/decisions/{decision_id}/review": NOBODYS,
    "ingest POST /v1/decisions/{decision_id}/withdraw": NOBODYS,
    "ingest PUT /v1/objectives/{indicator}": NOBODYS,
    "ingest POST /v1/nomination-rounds": NOBODYS,
    "ingest POST /v1/nomination-rounds/{round_id}/cancel": NOBODYS,
    "ingest POST /v1/nomination-rounds/{round_id}/nominations": "nobody nominates themselves",
    "ingest POST /v1/nominations/{nomination_id}/accept": THEIRS,
    "ingest POST /v1/nominations/{nomination_id}/decline": THEIRS,
    "ingest POST /v1/nominations/{nomination_id}/vote": "nobody votes for themselves",
    "ingest POST /v1/celebration-reactions": "it wishes somebody well, and earns nothing",
    "ingest POST /v1/own-members": "it takes away, and is shown by a token",
    "ingest POST /v1/communities/{community}/people": OWN_ROLES,
    "ingest PUT /v1/communities/{community}/people/{person_id}/roles": OWN_ROLES,
    "ingest POST /v1/communities/{community}/people/{person_id}/disable": OWN_ROLES,
    "ingest POST /v1/communities/{community}/people/{person_id}/enable": OWN_ROLES,
    "ingest POST /v1/communities/{community}/people/{person_id}/tie": OWN_ROLES,
    "ingest POST /v1/communities/{community}/people/{person_id}/untie": OWN_ROLES,
    "ingest POST /v1/communities/{community}/people/{person_id}/unbind": "it takes away, and gives nothing",
}
#: Whatever lies under these decides about no member: events, platforms, keys, messages, what a community is.
OF_NOBODY: Final = (
    "/v1/webhook-endpoints",
    "/v1/webhook-deliveries",
    "/v1/messages",
    "/v1/recipients",
    "/v1/dead-letters",
    "/v1/own-facts",
    "/v1/connectors",
    "/v1/events",
    "/v1/occasions",
    "/v1/check-ins",
    "/v1/measurings",
    "/v1/refused-events",
    "/v1/keys",
    "/v1/communities/{community}/keys",
    "/v1/communities/{community}/review-policy",
    "/v1/sign-in-links",
    "/v1/tokens",
)
COMMUNITIES = {"/v1/communities", "/v1/communities/{community}"}


def commands() -> dict[str, set[str]]:
    """Every operation that is no GET, and the kinds of problem that it may answer."""
    return {
        f"{service} {method.upper()} {path}": {
            kind
            for answer in operation["responses"].values()
            for media in answer.get("content", {}).values()
            for kind in media.get("examples", {})
        }
        for service in SERVICES
        for path, methods in openapi_document(service)["paths"].items()
        for method, operation in methods.items()
        if method != "get"
    }


def test_of_every_command_it_is_said_whether_it_decides_about_a_member() -> None:
    about_somebody = {
        command
        for command in commands()
        if (path := command.split(" ")[2]) not in COMMUNITIES and not path.startswith(OF_NOBODY)
    }

    assert about_somebody == {*DECIDES, *DECIDES_NOT}
    assert DECIDES.keys().isdisjoint(DECIDES_NOT)


def test_what_decides_about_a_member_says_so_in_its_answers_and_nothing_else_does() -> None:
    assert {command for command, kinds in commands().items() if "about-yourself" in kinds} == {*DECIDES}


def test_each_is_tried_by_whom_it_is_about() -> None:
    missing = []
    for module, name in {tuple(test.split(" ")) for test in DECIDES.values()}:
        if f"async def {name}(" not in (ROOT / module).read_text():
            missing.append(name)

    assert not missing
