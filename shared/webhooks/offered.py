"""Which facts a community may have delivered, and what somebody must be allowed to read to choose them.

Left out is what others are not to know: names and hashes of identities, people and their keys, the audit, what is
said in cases of guidelines, who looks like a friend of whom, and what platforms sent before it was judged.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

from shared import topics
from shared.access_keys.scopes import Scope
from shared.contracts import facts
from shared.topics import Topic


class Offered(NamedTuple):
    """A type of fact that may be delivered, the topic that it is told on, and the scope by which it is read."""

    topic: Topic
    scope: Scope


#: What shows that an endpoint takes what it is sent. No service tells it.
TEST_TYPE: Final = "webhook_endpoint.tested.v1"

OFFERED: Final = MappingProxyType(
    {
        facts.ACCEPTED_TYPE: Offered(topics.EVENTS, Scope.RECEIPTS_READ),
        facts.REJECTED_EVENT.name: Offered(topics.REJECTED, Scope.RECEIPTS_READ),
        facts.MEMBER_MERGED.name: Offered(topics.MEMBERS, Scope.MEMBERS_READ),
        facts.MEMBER_UNMERGED.name: Offered(topics.MEMBERS, Scope.MEMBERS_READ),
        facts.MEMBER_ERASED.name: Offered(topics.MEMBERS, Scope.MEMBERS_READ),
        facts.COMMUNITY_CHANGED.name: Offered(topics.COMMUNITIES, Scope.RECEIPTS_READ),
        facts.POINTS_AWARDED.name: Offered(topics.POINTS, Scope.POINTS_READ),
        facts.AUDIENCE_ENTERED.name: Offered(topics.AUDIENCES, Scope.POINTS_READ),
        facts.AUDIENCE_LEFT.name: Offered(topics.AUDIENCES, Scope.POINTS_READ),
        facts.CAMPAIGN_CHANGED.name: Offered(topics.CAMPAIGNS, Scope.PROGRAMMES_READ),
        facts.CASE_CHANGED.name: Offered(topics.GUIDELINES, Scope.GUIDELINES_READ),
        facts.SUSPENSION_CHANGED.name: Offered(topics.GUIDELINES, Scope.GUIDELINES_READ),
        facts.GUIDELINES_ACCEPTED.name: Offered(topics.GUIDELINES, Scope.GUIDELINES_READ),
        facts.ALERT_CHANGED.name: Offered(topics.ALERTS, Scope.ANALYTICS_READ),
        facts.PROGRAMME_PUBLISHED.name: Offered(topics.PROGRAMMES, Scope.PROGRAMMES_READ),
        facts.RECOGNITION_GRANTED.name: Offered(topics.RECOGNITION, Scope.RECOGNITION_READ),
        facts.PRIZE_WON.name: Offered(topics.RECOGNITION, Scope.RECOGNITION_READ),
        facts.REDEMPTION_CHANGED.name: Offered(topics.REDEMPTIONS, Scope.REWARDS_READ),
        facts.REDEMPTION_LOTS.name: Offered(topics.REDEMPTIONS, Scope.REWARDS_READ),
        facts.REDEMPTION_LOTS_GIVEN_BACK.name: Offered(topics.REDEMPTIONS, Scope.REWARDS_READ),
        facts.REDEMPTION_COST_CHANGED.name: Offered(topics.REDEMPTIONS, Scope.REWARDS_READ),
        facts.PAYOUT_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PAYOUT_LOTS.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PAYOUT_RUN_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PAYOUT_HOLD_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PERIOD_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.JOURNAL_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.LIABILITY_POLICY_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.ACCOUNT_MAPPING_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.RATE_POLICY_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.RATE_SHEET_TAKEN.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PAYOUT_POLICY_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PAYOUT_SCHEDULE_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PAYOUT_CLEARANCE_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.SANCTIONS_LIST_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.PAYEE_ATTESTATION_CHANGED.name: Offered(topics.PAYOUTS, Scope.PAYOUTS_READ),
        facts.WALLET_CHANGED.name: Offered(topics.WALLETS, Scope.PAYOUTS_READ),
        facts.WALLET_MOVED.name: Offered(topics.WALLETS, Scope.PAYOUTS_READ),
        facts.WALLET_DECISION_CHANGED.name: Offered(topics.WALLETS, Scope.PAYOUTS_READ),
        facts.WALLET_CAMPAIGN_CHANGED.name: Offered(topics.WALLETS, Scope.PAYOUTS_READ),
        facts.CLAWBACK_POLICY_CHANGED.name: Offered(topics.DEBTS, Scope.PAYOUTS_READ),
        facts.CLAWBACK_BOOKED.name: Offered(topics.DEBTS, Scope.PAYOUTS_READ),
        facts.WRITE_OFF_CHANGED.name: Offered(topics.DEBTS, Scope.PAYOUTS_READ),
        facts.WRITE_OFF_LOTS.name: Offered(topics.DEBTS, Scope.PAYOUTS_READ),
    }
)
#: The topics that they are told on.
OFFERED_TOPICS: Final = frozenset(one.topic.name for one in OFFERED.values())
#: Services that tell any of them, and so deliver.
TELLERS: Final = tuple(dict.fromkeys(one.topic.producers[0] for one in OFFERED.values()))


def kind_of(topic: str, fact_type: str) -> str:
    """What endpoints call a fact: its type; that of its contract for an event, which has its platform's."""
    return facts.ACCEPTED_TYPE if topic == topics.EVENTS.name else fact_type
