"""What the front door counts."""

from prometheus_client import Counter, Gauge

from shared.contracts.facts.celebrations import REACTIONS as REACTED_WITH

EVENTS_ADMITTED = Counter("plaudit_ingest_events_taken_total", "Events the broker acknowledged")
EVENTS_BACKFILLED = Counter(
    "plaudit_ingest_events_backfilled_total", "Of these, events that were sent as ones of the past"
)
EVENTS_COST = Counter(
    "plaudit_ingest_events_cost_total", "What the events taken count as: more than one each where rules are many"
)
REQUESTS_TOO_DEAR = Counter(
    "plaudit_ingest_requests_too_dear_total",
    "Requests and records of lanes refused for what their events count as",
)
EVENTS_REFUSED = Counter("plaudit_ingest_events_refused_total", "Events refused as invalid by the API")
LANE_EVENTS = Counter(
    "plaudit_ingest_lane_events_total",
    "Events that platforms wrote to their lanes, by what became of them",
    ["outcome"],
)
EVENTS_JUDGED = Counter("plaudit_ingest_events_judged_total", "Events by what became of them", ["outcome"])
MEMBERS_IDENTIFIED = Counter("plaudit_ingest_members_identified_total", "Members seen for the first time")
MEMBERS_ERASED = Counter("plaudit_ingest_members_erased_total", "Members who were erased")
MEMBERS_JOINED = Counter(
    "plaudit_ingest_members_joined_total", "Identities that joined a known member by what was verified", ["by"]
)
for _by in ("email", "subject", "token"):
    MEMBERS_JOINED.labels(_by)
MEMBERS_MERGED = Counter(
    "plaudit_ingest_members_merged_total", "Members merged into others, and unmerged", ["how"]
)
for _how in ("merged", "unmerged"):
    MEMBERS_MERGED.labels(_how)
TEXTS_MEASURED = Counter("plaudit_ingest_texts_measured_total", "Texts measured as they came in", ["tone"])
for _tone in ("positive", "negative", "undecided", "left_out"):
    TEXTS_MEASURED.labels(_tone)
TEXTS_ALTERED = Counter(
    "plaudit_ingest_texts_altered_total", "Texts that do not open though there is their key: somebody changed them"
)
TEXTS_DELETED = Counter("plaudit_ingest_texts_deleted_total", "Texts whose retention was over")
REFUSED_KEPT = Counter(
    "plaudit_ingest_refused_kept_total",
    "Refused events and bodies: kept, dropped beyond their community's bounds, without a key to seal them, or not "
    "kept because the database did not answer in time",
    ["what"],
)
for _what in ("kept", "dropped", "unsealed", "unanswered"):
    REFUSED_KEPT.labels(_what)
REACTIONS = Counter(
    "plaudit_ingest_celebration_reactions_total",
    "What members did about celebrations: reacted with what, or saw them, and took that back",
    ["act", "direction"],
)
KUDOS = Counter("plaudit_ingest_kudos_total", "Kudos given here, by which way, or refused", ["way", "outcome"])
KUDOS_LISTED = Counter(
    "plaudit_ingest_kudos_listed_total", "Kudos with a word of a list in their message, which wait for a decision"
)
for _way in ("api", "slack", "discord"):
    for _outcome in ("given", "refused", "taken_back"):
        KUDOS.labels(_way, _outcome)
IDEAS = Counter("plaudit_ingest_ideas_total", "What members did about suggestions", ["act"])
for _act in ("suggested", "voted", "withdrawn"):
    IDEAS.labels(_act)
IDEAS_MOVED = Counter(
    "plaudit_ingest_ideas_moved_total", "Suggestions that went on, by their new state", ["state"]
)
for _state in ("new", "planned", "done", "declined", "joined"):
    IDEAS_MOVED.labels(_state)
IDEAS_LISTED = Counter(
    "plaudit_ingest_ideas_listed_total", "Suggestions with a word of a list in them, which wait for a decision"
)
NOMINATIONS = Counter(
    "plaudit_ingest_nominations_total", "Rounds that were declared and decided, nominations, and votes", ["act"]
)
for _act in ("declared", "made", "voted", "decided"):
    NOMINATIONS.labels(_act)
DECISIONS_MADE = Counter(
    "plaudit_ingest_decisions_total", "What people noted, decided, reviewed and took back on figures", ["act"]
)
for _act in ("note", "decision", "review", "withdrawal"):
    DECISIONS_MADE.labels(_act)
OBJECTIVES_SET = Counter("plaudit_ingest_objectives_set_total", "Times that an indicator was given an objective")
CHECK_INS = Counter("plaudit_ingest_check_ins_total", "Tries to check in, by what became of them", ["outcome"])
for _act in (*REACTED_WITH, "seen"):
    REACTIONS.labels(_act, "given")
for _outcome in ("checked_in", "again", "full", "outside", "unknown"):
    CHECK_INS.labels(_outcome)
DELIVERIES = Counter(
    "plaudit_ingest_deliveries_total",
    "Deliveries of platforms by connector (those of communities' own are one), and what became of them",
    ["connector", "outcome"],
)
DELIVERIES_AGAIN = Counter("plaudit_ingest_deliveries_again_total", "Deliveries that had come before, the same")
DELIVERIES_REFUSED = Counter(
    "plaudit_ingest_deliveries_refused_total",
    "Deliveries that were not shown to be their platform's, by connector",
    ["connector"],
)
for _connector in ("unknown", "own"):
    DELIVERIES_REFUSED.labels(_connector)
DELIVERIES_REPLAYED = Counter(
    "plaudit_ingest_deliveries_replayed_total",
    "Deliveries that were mapped again, by what became of them",
    ["outcome"],
)
for _outcome in ("mapped", "no_engagement", "unmapped", "invalid"):
    DELIVERIES.labels("own", _outcome)
    DELIVERIES_REPLAYED.labels(_outcome)
DELIVERIES_AT_WORK = Gauge("plaudit_ingest_deliveries_at_work", "Deliveries that are worked on just now")
CONNECTIONS_SILENT = Gauge(
    "plaudit_ingest_connections_silent", "Connected platforms that delivered before, and have not for a day"
)
SIGN_INS = Counter("plaudit_ingest_sign_ins_total", "Tokens issued, by how somebody signed in", ["how"])
SIGN_INS_REFUSED = Counter(
    "plaudit_ingest_sign_ins_refused_total", "Tries to sign in that let nobody in, by the reason", ["reason"]
)
for _how in ("link", "id_token", "offer"):
    SIGN_INS.labels(_how)
for _reason in (
    "unknown_link",
    "used_link",
    "expired_link",
    "unknown_renewal",
    "withdrawn_link",
    "invalid_id_token",
    "unknown_subject",
    "disabled_person",
):
    SIGN_INS_REFUSED.labels(_reason)
BOOTSTRAP_USES = Counter(
    "plaudit_ingest_bootstrap_uses_total",
    "People added and first keys issued with the bootstrap key though there is an administrator",
)
REQUESTS_WAITING = Gauge("plaudit_ingest_requests_waiting", "Requests waiting for the broker's acknowledgement")
RECEIPTS_AWAITED = Gauge("plaudit_ingest_receipts_awaited", "Requests whose answer waits for outcomes")
REQUESTS_LIMITED = Counter(
    "plaudit_ingest_requests_limited_total", "Requests answered 429, by the share that was used up", ["share"]
)
LINE_AGE = Gauge(
    "plaudit_ingest_line_age_seconds", "How long the oldest of the requests that are followed waits to be judged"
)
SCORED_AGE = Gauge("plaudit_ingest_scored_age_seconds", "How long the oldest event in the log waits to be scored")
PACE = Gauge(
    "plaudit_ingest_pace_ratio", "The part of their shares that all are let in at; below 1 events are scored late"
)
SHARE_NAMES = ("key-events", "key-bytes", "community-events", "community-bytes", "all-events", "all-bytes")
for share in SHARE_NAMES:
    REQUESTS_LIMITED.labels(share)  # nobody told to wait shows as 0
SHARES_KNOWN = Gauge("plaudit_ingest_shares_known", "Access keys and communities whose use is remembered")
MESSAGES_REQUESTED = Counter(
    "plaudit_ingest_messages_requested_total",
    "Messages that were asked for: those that wait, are not sent to somebody, or are of a kind not turned on",
    ["what"],
)
for _what in ("waiting", "dropped", "not_turned_on"):
    MESSAGES_REQUESTED.labels(_what)
ALERTS_TOLD = Counter(
    "plaudit_ingest_alerts_total",
    "Alerts of communities that came: told to whoever acts on them, of which there is nobody, or not to be told",
    ["what"],
)
for _what in ("asked", "nobody", "not_told"):
    ALERTS_TOLD.labels(_what)
MESSAGES_TRIED = Counter(
    "plaudit_ingest_messages_tried_total",
    "Tries to send a message, by the way and what became of them",
    ["channel", "outcome"],
)
for _channel in ("mail", "slack", "discord"):
    for _outcome in ("sent", "waiting", "failed", "unknown", "dropped", "bounced"):
        MESSAGES_TRIED.labels(_channel, _outcome)
MESSAGES_OLDEST = Gauge(
    "plaudit_ingest_messages_oldest_due_seconds", "How long the message waits that has been due longest"
)
MESSAGES_UNKNOWN = Counter(
    "plaudit_ingest_messages_unknown_total", "Messages of which nobody knows whether they went: a person decides"
)
MESSAGES_BOUNCED = Counter(
    "plaudit_ingest_messages_bounced_total", "Addresses that are not written to any more, by why", ["why"]
)
for _why in ("bounced", "complained", "unsubscribed"):
    MESSAGES_BOUNCED.labels(_why)

WEBHOOKS_DISABLED = Gauge(
    "plaudit_ingest_webhooks_disabled", "Webhooks that are disabled because of trouble that they had"
)

SURVEYS_ASKED = Counter("plaudit_ingest_surveys_asked_total", "Members who were asked by a survey")
SURVEYS_NOT_ASKED = Counter(
    "plaudit_ingest_surveys_not_asked_total", "Members whom a survey did not ask, by why", ["why"]
)
for _why in ("not_a_person", "suspended", "audience", "sample", "quiet"):
    SURVEYS_NOT_ASKED.labels(_why)
SURVEYS_ANSWERED = Counter(
    "plaudit_ingest_surveys_answered_total", "Answers to surveys, with those that were changed"
)
