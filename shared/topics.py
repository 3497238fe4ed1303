"""The topic registry: every topic, its key, size, retention, and who writes and reads it.

Topics are created from here, AsyncAPI is generated from here, and a breaking change of a contract names
its readers from here.
"""

import re
from dataclasses import dataclass

from shared.contracts import facts
from shared.services import SERVICES

DAY_MS = 24 * 60 * 60 * 1000
KEEP_FOREVER = -1


@dataclass(frozen=True)
class Topic:
    """One Kafka topic.

    `key` says in words what the record key is made of, `facts` are the types that it carries, as their contracts
    are named; `retention_ms` -1 keeps everything.
    """

    name: str
    title: str
    key: str
    facts: tuple[str, ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int = 6
    retention_ms: int = KEEP_FOREVER
    compacted: bool = False
    #: Of a compacted topic: how long at most what a newer fact replaces is kept, once the partition is written to.
    compacted_within_ms: int = DAY_MS
    #: Gives authority: its only producer signs what it writes here, and readers check that.
    signed: bool = False
    #: Its only producer reads it as well, once its database came from a backup: it holds what that has forgotten.
    read_back: bool = False
    #: The broker says when a record was written. What its producer says is not believed: one that says "long ago"
    #: would end by its retention before it is read.
    dated_by_broker: bool = False

    @property
    def config(self) -> dict[str, str]:
        """The topic's settings as Kafka names them."""
        compaction = {"max.compaction.lag.ms": str(self.compacted_within_ms)} if self.compacted else {}
        return compaction | {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(self.retention_ms),
            "compression.type": "producer",
            "message.timestamp.type": "LogAppendTime" if self.dated_by_broker else "CreateTime",
        }


RAW = Topic(
    "engagement.raw.v1",
    "What the front door took, before deduplication and identity",
    "community | channel | actor id",
    (facts.RAW_EVENT.name,),
    producers=("ingest",),
    consumers=("ingest",),
    retention_ms=7 * DAY_MS,
)
BACKFILL = Topic(
    "engagement.backfill.v1",
    "What the front door took of the past: read while nothing waits in engagement.raw.v1",
    "community | channel | actor id",
    (facts.RAW_EVENT.name,),
    producers=("ingest",),
    consumers=("ingest",),
    retention_ms=7 * DAY_MS,
)
EVENTS = Topic(
    "engagement.events.v1",
    "The event log: every accepted event, with its members",
    "community | member",
    (facts.ACCEPTED_TYPE,),
    producers=("ingest",),
    consumers=("scoring", "recognition", "analytics"),
    read_back=True,
)
REJECTED = Topic(
    "engagement.rejected.v1",
    "Events that will not count, with the reason",
    "community | receipt",
    (facts.REJECTED_EVENT.name,),
    producers=("ingest",),
    consumers=("analytics",),
    retention_ms=90 * DAY_MS,
)
MEMBERS = Topic(
    "members.v1",
    "Members, the hashes of their identities on each channel, and who is merged into whom",
    "community | member, or community | member/merge",
    (facts.MEMBER_IDENTIFIED.name, facts.MEMBER_MERGED.name, facts.MEMBER_UNMERGED.name, facts.MEMBER_ERASED.name),
    producers=("ingest",),
    consumers=("scoring", "recognition", "rewards", "analytics"),
    compacted=True,
    read_back=True,
)
MEASURES = Topic(
    "measures.v1",
    "What another model measured of texts than when they came in",
    "community | member",
    (facts.SENTIMENT_MEASURED.name,),
    producers=("ingest",),
    consumers=("analytics",),
)
POINTS = Topic(
    "points.awarded.v1",
    "Points awarded, and what awards amount to since",
    "community | member",
    (facts.POINTS_AWARDED.name,),
    producers=("scoring",),
    consumers=("recognition", "rewards", "analytics"),
    read_back=True,
)
AUDIENCES = Topic(
    "audiences.v1",
    "Members who entered audiences, and left them",
    "community | member",
    (facts.AUDIENCE_ENTERED.name, facts.AUDIENCE_LEFT.name),
    producers=("scoring",),
    consumers=("ingest", "recognition", "rewards", "analytics"),
    read_back=True,
)
CAMPAIGNS = Topic(
    "campaigns.v1",
    "Campaigns that stopped giving, went on, or spent all that they have",
    "community | campaign",
    (facts.CAMPAIGN_CHANGED.name,),
    producers=("scoring",),
    consumers=(),
    read_back=True,
)
SIGNALS = Topic(
    "signals.v1",
    "Giving that looks like points that friends hand one another: what was found, held, released and denied",
    "community | member",
    (facts.SIGNAL_CASE_CHANGED.name,),
    producers=("scoring",),
    consumers=(),
    read_back=True,
)
MEMBER_LINKS = Topic(
    "member_links.v1",
    "Members who are paid to one bank account, without the account",
    "community | member",
    (facts.MEMBER_LINKS_CHANGED.name,),
    producers=("rewards",),
    consumers=("scoring",),
    compacted=True,
    read_back=True,
)
GUIDELINES = Topic(
    "guidelines.v1",
    "What became of reports, who is suspended, and who accepted the guidelines",
    "community | member, or case",
    (
        facts.CASE_CHANGED.name,
        facts.SUSPENSION_CHANGED.name,
        facts.GUIDELINES_ACCEPTED.name,
        facts.SAID_IN_CASE.name,
    ),
    producers=("scoring",),
    consumers=("ingest", "recognition", "rewards", "analytics"),
    read_back=True,
)
RECOGNITION = Topic(
    "recognition.granted.v1",
    "Badges, levels and quests granted and taken back, and prizes of boards",
    "community | member",
    (facts.RECOGNITION_GRANTED.name, facts.PRIZE_WON.name),
    producers=("recognition",),
    consumers=("ingest", "scoring", "rewards", "analytics"),
    read_back=True,
)
BY_HAND = Topic(
    "recognition.by_hand.v1",
    "What people said for members: levels that are fixed, freezes of streaks, quests that are joined",
    "community | member",
    (
        facts.LEVEL_LOCK_CHANGED.name,
        facts.STREAK_FREEZE_GIVEN.name,
        facts.QUEST_JOINED.name,
        facts.QUEST_LEFT.name,
    ),
    producers=("recognition",),
    consumers=(),
    read_back=True,
)
#: Several services write it, so none could tell from its end what it has itself forgotten. It need not: the id of
#: a request follows from what it is about, so that what is asked for again after a backup is the same message.
MESSAGES = Topic(
    "message.requested.v1",
    "Messages that people are to get; ingest alone knows where, and sends them",
    "community | member, or recipient",
    (facts.MESSAGE_REQUESTED.name,),
    producers=("ingest", "scoring", "recognition", "rewards", "analytics"),
    consumers=("ingest",),
    retention_ms=7 * DAY_MS,
)
#: Not read back: the id of a fact follows from the alert, its day and state, so that what is told again after a
#: backup was restored is the same fact, and makes the same messages.
ALERTS = Topic(
    "alerts.v1",
    "What was noticed about a community that somebody should look at, and that it is over",
    "community | alert",
    (facts.ALERT_CHANGED.name,),
    producers=("analytics",),
    consumers=("ingest",),
    partitions=1,
    retention_ms=90 * DAY_MS,
)
CELEBRATIONS = Topic(
    "celebrations.v1",
    "What is celebrated: milestones, badges and levels that members reached, each once",
    "community | member, or community",
    (facts.CELEBRATED.name,),
    producers=("recognition",),
    consumers=("ingest",),
    read_back=True,
)
NUDGES = Topic(
    "nudges.v1",
    "Who got a nudge, and who is held out to tell what it does",
    "community | member",
    (facts.NUDGE_DECIDED.name,),
    producers=("recognition",),
    consumers=("analytics",),
    read_back=True,
)
SURVEYS = Topic(
    "surveys.v1",
    "Who was asked by which survey, and anonymous answers, counted together",
    "community | member, or survey",
    (facts.SURVEY_ASKED.name, facts.SURVEY_COUNTED.name),
    producers=("ingest",),
    consumers=("analytics",),
    read_back=True,
)
DECISIONS = Topic(
    "decisions.v1",
    "What people noted and decided on figures, and what indicators of the scorecard aim at",
    "community | decision, or indicator",
    (facts.DECISION_CHANGED.name, facts.OBJECTIVE_SET.name),
    producers=("ingest",),
    consumers=("analytics",),
    partitions=1,
    read_back=True,
)
NOMINATIONS = Topic(
    "nominations.v1",
    "Rounds of nominations, who is put forward in them, and who votes for whom",
    "community | round",
    (facts.NOMINATION_ROUND_CHANGED.name, facts.NOMINATION_CHANGED.name, facts.NOMINATION_VOTE_CHANGED.name),
    producers=("ingest",),
    consumers=(),
    read_back=True,
)
REDEMPTIONS = Topic(
    "redemptions.v1",
    "Redemptions, their states, the awards they use, and what gift cards cost",
    "community | member",
    (
        facts.REDEMPTION_CHANGED.name,
        facts.REDEMPTION_LOTS.name,
        facts.REDEMPTION_LOTS_GIVEN_BACK.name,
        facts.REDEMPTION_COST_CHANGED.name,
    ),
    producers=("rewards",),
    consumers=("analytics",),
    read_back=True,
)
PAYOUTS = Topic(
    "payouts.v1",
    "Payout runs, payouts, their states, and the awards they pay; months of the books, entries by hand, policies",
    "community | member, run, month, journal, policy, mapping, or file of rates",
    (
        facts.PAYOUT_CHANGED.name,
        facts.PAYOUT_LOTS.name,
        facts.PAYOUT_RUN_CHANGED.name,
        facts.PAYOUT_HOLD_CHANGED.name,
        facts.PERIOD_CHANGED.name,
        facts.JOURNAL_CHANGED.name,
        facts.LIABILITY_POLICY_CHANGED.name,
        facts.ACCOUNT_MAPPING_CHANGED.name,
        facts.RATE_POLICY_CHANGED.name,
        facts.RATE_SHEET_TAKEN.name,
        facts.PAYOUT_POLICY_CHANGED.name,
        facts.PAYOUT_SCHEDULE_CHANGED.name,
        facts.PAYOUT_CLEARANCE_CHANGED.name,
        facts.SANCTIONS_LIST_CHANGED.name,
        facts.PAYEE_ATTESTATION_CHANGED.name,
    ),
    producers=("rewards",),
    consumers=("analytics", "finance"),
    read_back=True,
)
WALLETS = Topic(
    "wallets.v1",
    "Budgets of points and money: wallets, what moves in them, and what two people decide of them",
    "community | tree of wallets",
    (
        facts.WALLET_CHANGED.name,
        facts.WALLET_MOVED.name,
        facts.WALLET_DECISION_CHANGED.name,
        facts.WALLET_CAMPAIGN_CHANGED.name,
    ),
    producers=("rewards",),
    consumers=("scoring", "finance"),
    read_back=True,
)
DEBTS = Topic(
    "debts.v1",
    "What is written off of members' debts, what they keep of points taken back, and the policies of that",
    "community | member, or policy",
    (
        facts.CLAWBACK_POLICY_CHANGED.name,
        facts.CLAWBACK_BOOKED.name,
        facts.WRITE_OFF_CHANGED.name,
        facts.WRITE_OFF_LOTS.name,
    ),
    producers=("rewards",),
    consumers=("finance",),
    read_back=True,
)
PROGRAMMES = Topic(
    "programme.v1",
    "Published programme versions; each service reads its own section",
    "community | programme",
    (facts.PROGRAMME_PUBLISHED.name,),
    producers=("scoring",),
    consumers=("ingest", "recognition", "rewards", "analytics"),
    partitions=1,
    compacted=True,
    signed=True,
    read_back=True,
)
ACCESS_KEYS = Topic(
    "access_keys.v1",
    "Access keys issued and revoked, as hashes",
    "community | key",
    (facts.ACCESS_KEY_CHANGED.name,),
    producers=("ingest",),
    consumers=("scoring", "recognition", "rewards", "analytics"),
    partitions=1,
    compacted=True,
    signed=True,
    read_back=True,
)
PEOPLE = Topic(
    "people.v1",
    "People with their roles, and the keys that verify tokens",
    "community | person or key",
    (facts.PERSON_CHANGED.name, facts.TOKEN_KEY_CHANGED.name),
    producers=("ingest",),
    consumers=("scoring", "recognition", "rewards", "analytics"),
    partitions=1,
    compacted=True,
    signed=True,
    read_back=True,
)

#: All services write it, so none could tell from its end what it has itself forgotten. It need not: an entry is a
#: record of what was done, nothing is decided by it, and the topic and analytics keep those of after a backup.
AUDIT = Topic(
    "audit.v1",
    "What people commanded, and whose personal data they read",
    "community | object or member",
    (facts.COMMAND_DONE.name, facts.PERSONAL_DATA_READ.name),
    producers=SERVICES,
    consumers=("analytics",),
    partitions=1,
)

COMMUNITIES = Topic(
    "communities.v1",
    "Communities: their calendar, currency, languages and look, and what is public",
    "community | community",
    (facts.COMMUNITY_CHANGED.name,),
    producers=("ingest",),
    consumers=("scoring", "recognition", "rewards", "analytics"),
    partitions=1,
    compacted=True,
    read_back=True,
)


WEBHOOK_ENDPOINTS = Topic(
    "webhook_endpoints.v1",
    "Where communities have their facts delivered; addresses and secrets are sealed",
    "community | endpoint",
    (facts.WEBHOOK_ENDPOINT_CHANGED.name,),
    producers=("ingest",),
    consumers=("scoring", "recognition", "rewards", "analytics"),
    partitions=1,
    compacted=True,
    signed=True,
    read_back=True,
)

#: All services write it, as the audit: an endpoint that was given up is so again after the next tries.
WEBHOOK_TROUBLE = Topic(
    "webhook_trouble.v1",
    "Endpoints to which a service delivers nothing any more, and why",
    "community | endpoint",
    (facts.WEBHOOK_ENDPOINT_FAILED.name,),
    producers=SERVICES,
    consumers=("ingest",),
    partitions=1,
    retention_ms=90 * DAY_MS,
)


def dead_letter_topic(service: str) -> Topic:
    """The topic that takes what `service` can never process."""
    return Topic(
        f"{service}.dlq.v1",
        f"Records that {service} can never process, with origin and reason",
        "community or nothing",
        (facts.RECORD_DEAD_LETTERED.name,),
        producers=(service,),
        consumers=("operators",),
        partitions=1,
        retention_ms=90 * DAY_MS,
    )


TOPICS = (
    RAW,
    BACKFILL,
    EVENTS,
    REJECTED,
    MEMBERS,
    MEASURES,
    POINTS,
    AUDIENCES,
    SIGNALS,
    MEMBER_LINKS,
    CAMPAIGNS,
    GUIDELINES,
    RECOGNITION,
    MESSAGES,
    ALERTS,
    BY_HAND,
    CELEBRATIONS,
    NUDGES,
    SURVEYS,
    DECISIONS,
    NOMINATIONS,
    REDEMPTIONS,
    PAYOUTS,
    WALLETS,
    DEBTS,
    PROGRAMMES,
    ACCESS_KEYS,
    PEOPLE,
    AUDIT,
    COMMUNITIES,
    WEBHOOK_ENDPOINTS,
    WEBHOOK_TROUBLE,
    *(dead_letter_topic(service) for service in SERVICES),
)

#: Topics of platforms that write to the broker themselves: one each, whose name says for which community.
LANE_PREFIX = "engagement.lane."
_LANE = re.compile(re.escape(LANE_PREFIX) + r"(?P<community>[a-z0-9_-]+)\.(?P<name>[a-z0-9_-]+)\.v1")


def lane_topic(community: str, name: str) -> Topic:
    """The lane of the platform `name`, which writes events of one community and nothing else."""
    return Topic(
        f"{LANE_PREFIX}{community}.{name}.v1",
        f"What the platform {name} writes for {community}, before it is admitted",
        "any",
        (),
        producers=(name,),
        consumers=("ingest",),
        retention_ms=7 * DAY_MS,
        dated_by_broker=True,
    )


def community_of_lane(topic: str) -> str:
    """The community that a lane is for, by the name of its topic. Raises ValueError when it is no lane."""
    matched = _LANE.fullmatch(topic)
    if matched is None:
        raise ValueError(f"{topic} is no lane")
    return matched["community"]


#: The services whose facts give authority.
SIGNERS = tuple(dict.fromkeys(topic.producers[0] for topic in TOPICS if topic.signed))


def record_key(community: str, part: str) -> bytes:
    """The Kafka record key `community|part`: records of one member, receipt or key stay in order."""
    return f"{community}|{part}".encode()
