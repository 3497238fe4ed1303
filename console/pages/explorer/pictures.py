"""Pictures of lineage, from what analytics says of an event, an award or a payout."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from console.components.graphs import Edge, Node, Picture, picture
from console.components.languages import short_id
from console.frame.visits import Visit


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


HEADINGS = (_("Event"), _("Awards, by rule"), _("Badges and levels"), _("Payouts and rewards"))
PAYOUT_HEADINGS = (_("Events"), _("Awards, by rule"), _("Payout"), _("Bank"))


def of_awards(
    visit: Visit,
    event: Mapping[str, Any] | None,
    awards: Sequence[Mapping[str, Any]],
    me: str,
    *,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> Picture:
    """An event, the awards it led to, and what became of them; `titles` are those of rules and reasons by id."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    if event is not None:
        nodes.append(_event_node(visit, event, me))
    for one in awards:
        award = one["award"]
        key = award["award_id"]
        facts = [
            visit.say(
                _("{points} points, version {version}"),
                points=visit.writer.signed(award["amounts_to"]),
                version=award["programme_version"],
            )
        ]
        tone = "me" if key == me else "warn" if award["amended_count"] else ""
        nodes.append(
            Node(key, 1, titles.get(award["rule_id"], award["rule_id"]), facts, f"/explorer/{key}", "k2", tone)
        )
        if event is not None:
            edges.append(Edge(event["event_uid"], key, award["amounts_to"]))
        elif award.get("by_hand"):
            hand = award["event_uid"]
            nodes.append(Node(hand, 0, visit.say(_("By hand")), [], f"/by-hand/{hand}", "k1"))
            edges.append(Edge(hand, key, award["amounts_to"]))
        for grant in one["grants"]:
            nodes.append(Node(grant["grant_id"], 2, grant["title"], [visit.say(_(grant["kind"]))], None, "k3"))
            edges.append(Edge(key, grant["grant_id"], 0))
        for payout in one["payouts"]:
            paid = [visit.say(_("{points} points"), points=visit.writer.number(payout["points"]))]
            paid += [visit.say(_(payout["state"]))] if payout["state"] else []
            href = f"/explorer/{payout['payout_id']}"
            title = visit.say(_("Payout {id}"), id=short_id(payout["payout_id"]))
            nodes.append(Node(payout["payout_id"], 3, title, paid, href, "k4", "money"))
            edges.append(Edge(key, payout["payout_id"], payout["points"]))
        for redemption in one.get("redemptions", ()):
            used = [visit.say(_("{points} points"), points=visit.writer.number(redemption["points"]))]
            used += [visit.say(_(redemption["state"]))] if redemption["state"] else []
            may_look = visit.signed_in.may("rewards:read")
            its_page = f"/explorer/{redemption['redemption_id']}" if may_look else None
            title = redemption["reward_id"] or visit.say(_("Redemption"))
            nodes.append(Node(redemption["redemption_id"], 3, title, used, its_page, "k4", "money"))
            edges.append(Edge(key, redemption["redemption_id"], redemption["points"]))
    unique = list({node.key: node for node in nodes}.values())
    return picture(
        [visit.say(one) for one in HEADINGS],
        unique,
        edges,
        lambda count: visit.say(_("{count} more"), count=count),
    )


def of_payout(visit: Visit, payout: Mapping[str, Any], me: str) -> Picture:
    """A payout, with the awards that it pays by rule, and their events by type."""
    writer = visit.writer
    points_by_rule: Counter[str] = Counter()
    events: dict[str, set[str]] = defaultdict(set)
    flows: Counter[tuple[str, str]] = Counter()
    for item in payout["items"]:
        award, event = item["award"], item["event"]
        rule = award["rule_id"] if award else visit.say(_("not arrived yet"))
        points_by_rule[rule] += item["points"]
        if event:
            events[event["type"]].add(event["event_uid"])
            flows[event["type"], rule] += item["points"]
    nodes = [
        Node(
            f"type {kind}",
            0,
            kind,
            [visit.say(_("{count} events") if len(uids) > 1 else _("one event"), count=writer.number(len(uids)))],
            "#events",
        )
        for kind, uids in sorted(events.items(), key=lambda one: -len(one[1]))
    ]
    nodes += [
        Node(
            f"rule {rule}",
            1,
            rule,
            [visit.say(_("{points} points"), points=writer.number(points))],
            "#events",
            "k2",
        )
        for rule, points in points_by_rule.most_common()
    ]
    amount = payout["amount_minor"]
    title = short_id(me) if amount is None else writer.money(amount, payout["currency"])
    facts = [payout["member_name"] or "", visit.say(_(payout["state"] or "not arrived yet"))]
    nodes.append(Node(me, 2, title, [fact for fact in facts if fact], None, "k4", "me"))
    edges = [Edge(f"type {kind}", f"rule {rule}", points) for (kind, rule), points in flows.items()]
    edges += [Edge(f"rule {rule}", me, points) for rule, points in points_by_rule.items()]
    if payout["end_to_end_id"]:
        nodes.append(Node("bank", 3, "EndToEndId", [short_id(payout["end_to_end_id"])], None, "k4", "money"))
        edges.append(Edge(me, "bank", sum(points_by_rule.values())))
    headings = [visit.say(one) for one in PAYOUT_HEADINGS]
    return picture(headings, nodes, edges, lambda count: visit.say(_("{count} more"), count=count))


def _event_node(visit: Visit, event: Mapping[str, Any], me: str) -> Node:
    uid = event["event_uid"]
    writer = visit.writer
    moment = f"{writer.short_day(event['event_time'])} {writer.time(event['event_time'])}"
    facts = [f"{event['channel']}, {moment}"]
    tone = "me" if uid == me else "warn" if event["retracted_by"] else ""
    return Node(uid, 0, event["type"], facts, f"/explorer/{uid}", "k1", tone)
