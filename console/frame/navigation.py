"""Where one can go: links by what one's roles let one see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from console.sign_in.domain import Session


@dataclass(frozen=True)
class Link:
    """A page in the navigation, for whoever has its scope."""

    path: str
    title: str
    icon: str
    scope: str | None = None


@dataclass(frozen=True)
class Group:
    """Links under a heading; the first group has none."""

    title: str | None
    links: Sequence[Link]


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


OVERVIEW = Link("/overview", _("Overview"), "home", "analytics:read")
SCORECARD = Link("/scorecard", _("Scorecard"), "gauge", "analytics:read")
DIGESTS = Link("/digests", _("The week"), "cal", "analytics:read")
ALERTS = Link("/alerts", _("Alerts"), "alert", "analytics:read")
GOALS = Link("/goals", _("Goals"), "target", "analytics:read")
DECISIONS = Link("/decisions", _("Decisions"), "pen", "analytics:read")
GROWTH = Link("/insight/growth", _("Growth"), "up", "analytics:read")
RETENTION = Link("/insight/retention", _("Retention"), "undo", "analytics:read")
ANSWERS = Link("/insight/answers", _("Answers"), "reply", "analytics:read")
SENTIMENT = Link("/insight/sentiment", _("Sentiment"), "heart", "analytics:read")
NETWORK = Link("/insight/network", _("Network"), "people", "analytics:read")
ACTIVITY = Link("/insight/activity", _("Activity"), "cal", "analytics:read")
ORBIT = Link("/insight/orbit", _("Orbit levels"), "star", "analytics:read")
MEMBERS = Link("/members", _("Members"), "people", "members:read")
CHECK_INS = Link("/check-ins", _("Check-ins"), "cal", "events:write")
LEADERBOARD = Link("/leaderboard", _("Points leaderboard"), "cup", "recognition:read")
REJECTED = Link("/figures/rejected", _("Rejected events"), "letter", "analytics:read")
PIPELINE = Link("/pipeline", _("Pipeline"), "flow", "operations:read")
DEAD_LETTERS = Link("/dead-letters", _("Dead letters"), "alert", "operations:read")
RECEIPTS = Link("/receipts", _("Receipts"), "receipt", "receipts:read")
CONNECTORS = Link("/connectors", _("Connectors"), "globe", "receipts:read")
WEBHOOKS = Link("/webhooks", _("Webhooks"), "out", "webhooks:read")
EXPLORER = Link("/explorer", _("Explorer"), "compass", "points:read")
TRY_IT = Link("/try-it", _("Try it"), "play", "events:write")
BY_HAND = Link("/by-hand", _("Points by hand"), "gift", "points:read")
HELD = Link("/held", _("Held points"), "shield", "points:read")
GUIDELINES = Link("/guidelines", _("Reports"), "shield", "guidelines:read")
WAITING = Link("/waiting", _("Waiting for you"), "eye", "programmes:read")
BADGES = Link("/badges", _("Badges"), "seal", "recognition:read")
BOARDS = Link("/boards", _("Boards"), "cup", "recognition:read")
CELEBRATIONS = Link("/celebrations", _("Celebrations"), "heart", "recognition:read")
KUDOS = Link("/kudos", _("Kudos"), "chat", "recognition:read")
NUDGES = Link("/nudges", _("Nudges"), "mega", "recognition:read")
SURVEYS = Link("/surveys", _("Surveys"), "chat", "analytics:read")
IDEAS = Link("/ideas", _("Suggestions"), "pen", "recognition:read")
NOMINATIONS = Link("/nominations", _("Nominations"), "cup", "recognition:read")
QUESTS = Link("/quests", _("Quests"), "target", "recognition:read")
CATALOGUE = Link("/catalogue", _("Catalogue"), "gift", "rewards:read")
DRAWS = Link("/draws", _("Draws"), "gift", "rewards:read")
PROGRAMME = Link("/programme", _("Programme"), "doc", "programmes:read")
CAMPAIGNS = Link("/campaigns", _("Campaigns"), "mega", "programmes:read")
CONTENT = Link("/content", _("Content"), "star", "points:read")
MESSAGES = Link("/messages", _("Messages"), "letter", "messages:read")
AUDIT = Link("/audit", _("Audit log"), "log", "audit:read")
PEOPLE = Link("/people", _("People"), "people", "people:read")
KEYS = Link("/keys", _("Access keys"), "key", "keys:write")
COMMUNITY = Link("/community", _("Community settings"), "gear", "communities:write")
EMBEDS = Link("/embeds", _("Embeds"), "globe", "recognition:read")
PARTS = Link("/parts", _("Parts and versions"), "gauge", "operations:read")
PAYOUT_RUNS = Link("/payout-runs", _("Payout runs"), "bank", "payouts:read")
PAYOUT_HOLDS = Link("/payout-holds", _("Held payouts"), "shield", "payouts:read")
PAYOUT_POLICIES = Link("/payout-policies", _("Payout policies"), "doc", "payouts:read")
BANK = Link("/bank", _("Bank files"), "receipt", "payouts:read")
PROVIDER_PAYOUTS = Link("/provider-payouts", _("Payouts by providers"), "out", "payouts:read")
REDEMPTIONS = Link("/redemptions", _("Redemptions"), "gift", "rewards:read")
SHIPPING = Link("/shipping", _("To be sent"), "letter", "rewards:read")
GIFT_CARDS = Link("/gift-cards", _("Gift cards"), "star", "rewards:read")
LEDGER = Link("/ledger", _("Ledger"), "book", "payouts:read")
LIABILITY = Link("/liability", _("Liability for points"), "gauge", "payouts:read")
RATES = Link("/rates", _("Exchange rates"), "globe", "payouts:read")
GENERAL_LEDGER = Link("/general-ledger", _("General ledger"), "out", "payouts:read")
DEBTS = Link("/debts", _("Points owed"), "undo", "payouts:read")
WALLETS = Link("/wallets", _("Wallets"), "bank", "payouts:read")
STATEMENTS = Link("/statements", _("Statements"), "receipt", "rewards:read")
ACCOUNT = Link("/account", _("Account"), "user")
ME = Link("/me", _("My points"), "user")
MY_PLACE = Link("/me/place", _("My place"), "cup")
MY_BADGES = Link("/me/badges", _("My badges"), "seal")
MY_BOARDS = Link("/me/boards", _("Boards"), "cup")
MY_CELEBRATIONS = Link("/me/celebrations", _("Celebrations"), "heart")
MY_KUDOS = Link("/me/kudos", _("Kudos"), "chat")
MY_SURVEYS = Link("/me/surveys", _("Questions to me"), "chat")
MY_IDEAS = Link("/me/ideas", _("Suggestions"), "pen")
MY_NOMINATIONS = Link("/me/nominations", _("Nominations"), "cup")
MY_QUESTS = Link("/me/quests", _("My quests"), "target")
MY_DRAWS = Link("/me/draws", _("My draws"), "gift")
MY_REWARDS = Link("/me/rewards", _("Rewards"), "gift")
MY_PAYOUTS = Link("/me/payouts", _("Payouts"), "bank")
MY_GUIDELINES = Link("/me/guidelines", _("Guidelines"), "doc")
MY_MESSAGES = Link("/me/messages", _("Messages to me"), "letter")
MY_NUDGES = Link("/me/nudges", _("My nudges"), "mega")
MY_DATA = Link("/me/data", _("My data"), "shield")
#: At the bottom of a member's phone.
OF_MEMBERS = (ME, MY_PLACE, MY_REWARDS, MY_PAYOUTS)

GROUPS = (
    Group(None, (SCORECARD, GOALS, ALERTS, DECISIONS, DIGESTS, OVERVIEW, WAITING)),
    Group(_("Insight"), (GROWTH, RETENTION, ANSWERS, ACTIVITY, ORBIT, SENTIMENT, NETWORK)),
    Group(_("Community"), (MEMBERS, LEADERBOARD, CELEBRATIONS, KUDOS, NOMINATIONS, CHECK_INS)),
    Group(_("Talk with members"), (SURVEYS, IDEAS, NUDGES, MESSAGES)),
    Group(_("Programme"), (PROGRAMME, CAMPAIGNS, BADGES, BOARDS, QUESTS)),
    Group(_("Rewards"), (CATALOGUE, REDEMPTIONS, SHIPPING, GIFT_CARDS, DRAWS)),
    Group(_("Keep it fair"), (GUIDELINES, HELD, CONTENT)),
    Group(_("Finance"), (PAYOUT_RUNS, PROVIDER_PAYOUTS, PAYOUT_HOLDS, PAYOUT_POLICIES, BANK, WALLETS)),
    Group(_("Books"), (LEDGER, LIABILITY, RATES, GENERAL_LEDGER, DEBTS, STATEMENTS)),
    Group(_("Look into"), (EXPLORER, TRY_IT, AUDIT)),
    Group(_("Operation"), (PIPELINE, DEAD_LETTERS, CONNECTORS, WEBHOOKS, RECEIPTS, REJECTED, PARTS)),
    Group(_("Run it"), (PEOPLE, KEYS, COMMUNITY, EMBEDS)),
)


class Work(NamedTuple):
    """What somebody does here, by a scope that it takes: where it begins, and which groups are of it."""

    scope: str
    home: Link
    groups: Sequence[str] = ()


#: The first that somebody does decides.
WORK = (
    Work("programmes:write", SCORECARD),
    Work("payouts:approve", WAITING, ("Finance", "Books")),
    Work("payouts:write", PAYOUT_RUNS, ("Finance", "Books")),
    Work("operations:write", PIPELINE, ("Operation",)),
    Work("guidelines:write", GUIDELINES, ("Keep it fair",)),
    Work("analytics:read", OVERVIEW),
)


def groups_for(session: Session) -> list[Group]:
    """The groups that have links for somebody, those of their own work below what everybody begins with."""
    allowed = [
        Group(group.title, [link for link in group.links if link.scope is None or session.may(link.scope)])
        for group in GROUPS
    ]
    first = next((work.groups for work in WORK if session.may(work.scope)), ())
    ordered = sorted(allowed, key=lambda group: (group.title is not None, group.title not in first))
    return [group for group in ordered if group.links]


#: What is below no page of the navigation is here, too.
_SCOPES = {link.path: link.scope for group in GROUPS for link in group.links} | {"/figures": "analytics:read"}


def may_open(session: Session | None, path: str) -> bool:
    """Whether a page, or the one of the navigation that it is below, is shown to somebody."""
    place = path.partition("?")[0].partition("#")[0]
    while place and place not in _SCOPES:
        place = place.rpartition("/")[0]
    scope = _SCOPES.get(place)
    return scope is None or (session is not None and session.may(scope))


def home_of(session: Session) -> str:
    """The first page of somebody: a member's own, what their work begins with, or the first that they may see."""
    if session.is_member:
        return ME.path
    seen = [link for group in groups_for(session) for link in group.links]
    homes = [work.home for work in WORK if session.may(work.scope) and work.home in seen]
    return (*homes, *seen, ACCOUNT)[0].path
