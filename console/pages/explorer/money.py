"""Pictures of what stands in the books: a run, a redemption, a transfer."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.components.graphs import Edge, Node, Picture, picture
from console.components.languages import short_id
from console.frame.visits import Visit
from console.pages.ledger.words import ACCOUNTS, TRANSFERS


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: What of a run's payouts is not in its file.
UNPAID = ("held", "failed")
RUN_HEADINGS = (_("Programme"), _("Payout run"), _("Payouts, by state"), _("Bank"))
REDEMPTION_HEADINGS = (_("Awards"), _("Redemption"), _("Reward"))
TRANSFER_HEADINGS = (_("Booked for"), _("Transfer"), _("Accounts"))


def of_run(visit: Visit, run: Mapping[str, Any]) -> Picture:
    """A run: the terms that it was made by, its payouts by state, and its file."""
    writer, me = visit.writer, str(run["run_id"])
    version = run["programme_version"]
    worth = visit.say(
        _("{points} points: {money}"),
        points=writer.number(run["points"]),
        money=writer.money(run["minor"], run["currency"]),
    )
    title = visit.say(_("{programme}, version {version}"), programme=run["programme_id"], version=version)
    nodes = [Node("programme", 0, title, [worth], f"/explorer/programme/{version}", "k2")]
    paid = sum(one["amount_minor"] for one in run["payouts"] if one["state"] not in UNPAID)
    amount = writer.money(paid, run["currency"])
    nodes.append(Node(me, 1, amount, [visit.say(run["state"])], None, "k4", "me"))
    edges = [Edge("programme", me, sum(one["points"] for one in run["payouts"]))]
    for one in run["payouts"]:
        money = writer.money(one["amount_minor"], run["currency"])
        text = _("{count} payouts, {amount}") if one["count"] > 1 else _("one payout, {amount}")
        facts = [visit.say(text, count=writer.number(one["count"]), amount=money)]
        href = f"/payout-runs/{me}?state={one['state']}#payouts"
        key = f"state {one['state']}"
        nodes.append(Node(key, 2, visit.say(one["state"]), facts, href, "k4"))
        edges.append(Edge(me, key, one["points"]))
        if run["state"] == "filed" and one["state"] not in UNPAID:
            edges.append(Edge(key, "file", one["points"]))
    if run["state"] == "filed":
        file = visit.say(_("Bank file"))
        nodes.append(Node("file", 3, file, [short_id(me.replace("-", ""))], f"/payout-runs/{me}", "k4", "money"))
    return _drawn(visit, RUN_HEADINGS, nodes, edges)


def of_redemption(visit: Visit, redemption: Mapping[str, Any], lots: Sequence[Mapping[str, Any]]) -> Picture:
    """A redemption: the awards whose points it uses, and the reward."""
    writer, me = visit.writer, str(redemption["redemption_id"])
    points = visit.say(_("{points} points"), points=writer.number(redemption["points"]))
    nodes = [Node(me, 1, points, [visit.say(redemption["state"])], f"/redemptions/{me}", "k4", "me")]
    edges = []
    for lot in lots:
        award = str(lot["award_id"])
        facts = [visit.say(_("{points} points"), points=writer.number(lot["points"]))]
        title = visit.say(_("Award {id}"), id=short_id(award))
        nodes.append(Node(award, 0, title, facts, f"/explorer/{award}", "k2"))
        edges.append(Edge(award, me, lot["points"]))
    nodes.append(Node("reward", 2, redemption["title"], [redemption["reward_id"]], None, "k3"))
    edges.append(Edge(me, "reward", redemption["points"]))
    return _drawn(visit, REDEMPTION_HEADINGS, nodes, edges)


def of_transfer(visit: Visit, transfer: Mapping[str, Any]) -> Picture:
    """A transfer: what it was booked for, and the accounts that it changed."""
    writer, me = visit.writer, str(transfer["transfer_id"])
    cause = str(transfer["cause_id"])
    what = _cause(transfer["kind"])
    nodes = [
        Node("cause", 0, visit.say(what), [short_id(cause)], f"/explorer/{cause}", "k2"),
        Node(me, 1, visit.say(TRANSFERS.get(transfer["kind"], transfer["kind"])), [], None, "k4", "me"),
    ]
    edges = [Edge("cause", me, 0)]
    for side in transfer["entries"]:
        amount, currency = side["amount"], side["currency"]
        sign = "+" if amount > 0 else "−"
        shown = writer.number(abs(amount)) if currency == "PTS" else writer.money(abs(amount), currency)
        name = ACCOUNTS[side["account"]][0] if side["account"] in ACCOUNTS else side["account"]
        tone = "" if currency == "PTS" else "money"
        href = f"/ledger/accounts/{side['account_id']}"
        nodes.append(Node(side["account_id"], 2, visit.say(name), [sign + shown], href, "k4", tone))
        edges.append(Edge(me, side["account_id"], abs(amount)))
    return _drawn(visit, TRANSFER_HEADINGS, nodes, edges)


def _cause(kind: str) -> str:
    if kind.startswith("payout_"):
        return _("Payout")
    return _("Redemption") if kind.startswith("redemption_") else _("Award")


def _drawn(visit: Visit, headings: Sequence[str], nodes: Sequence[Node], edges: Sequence[Edge]) -> Picture:
    said = [visit.say(one) for one in headings]
    return picture(said, nodes, edges, lambda count: visit.say(_("{count} more"), count=count))
