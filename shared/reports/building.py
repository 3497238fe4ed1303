"""Reports from what rewards answers, in the words of a language: `say` translates."""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from shared.reports.domain import Amount, Cell, Column, Kind, Report, Sheet, Table

Say = Callable[[str], str]
Found = Mapping[str, Any]
POINTS = "PTS"


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


MEMBER: Final = _("Member")
MONEY: Final = _("Money")
BY_DAY: Final = _("by day")
STATEMENT: Final = _("Statement")
BLOCK: Final = _("Block")
MONTH_S_END: Final = _("Month’s end")
TRIAL_BALANCE: Final = _("Trial balance")
WHAT_POINTS_ARE_WORTH: Final = _("What points are worth")
PRELIMINARY: Final = _("Preliminary: it may still change")
CLOSED: Final = _("Closed: it does not change any more")
LOCKED: Final = _("Locked: a later month is shut, so nothing is booked into it any more")
ENDED: Final = _("Their time was over then: booked away the day after")
LACKING: Final = _(
    "No font here has these letters, and � stands for each; the page and the other files have them:"
)
#: How what a member has moved, as the columns of a statement: names of the answer, and what they are called.
MOVED: Final = {
    "earned": _("Earned"),
    "corrected": _("Corrected"),
    "written_off": _("Written off"),
    "merged": _("By merges"),
    "redeemed": _("Redeemed"),
    "paid": _("Paid out"),
    "expired": _("Expired"),
}
OF_MONEY: Final = {"earned": _("Became payable"), "paid": _("Given to the bank")}
STATEMENT_COLUMNS: Final = (
    Column("member_id", Kind.TEXT),
    Column("day", Kind.DAY),
    Column("currency", Kind.TEXT),
    *(Column(name, Kind.AMOUNT) for name in (*MOVED, "closing", "ended")),
)
MONTH_COLUMNS: Final = (
    Column("month", Kind.TEXT),
    Column("section", Kind.TEXT),
    Column("item", Kind.TEXT),
    Column("paid_in", Kind.TEXT),
    Column("measure", Kind.TEXT),
    Column("currency", Kind.TEXT),
    Column("amount", Kind.AMOUNT),
)
#: Kinds of accounts, of what is open, and of what corrects earlier months, in words.
ITEMS: Final = {
    "pending": _("Pending"),
    "available": _("Available"),
    "reserved": _("Reserved"),
    "spent": _("Spent"),
    "paid": _("Paid"),
    "expired": _("Expired"),
    "payable": _("Payable"),
    "points_issued": _("Points issued"),
    "debts_written_off": _("Debts written off"),
    "payout_expense": _("Payout expense"),
    "bank_in_transit": _("In transit"),
    "bank": _("Bank"),
    "bank_charges": _("Bank charges"),
    "fx_gain_loss": _("Exchange gain and loss"),
    "suspense": _("Suspense"),
    "provider_balance": _("At providers"),
    "card_cost": _("Cost of gift cards"),
    "card_fees": _("Fees of gift cards"),
    "card_discounts": _("Discounts of gift cards"),
    "card_differences": _("Differences of gift cards"),
    "wallet_funding": _("Given to wallets"),
    "wallet": _("Wallet"),
    "wallet_reserved": _("Set aside of a wallet"),
    "wallet_spent": _("Spent of a wallet"),
    "redemption": _("Redemptions that are reserved"),
    "payout_outcome": _("Outcomes of payouts that wait for another person"),
    "journal": _("Entries by hand"),
    "amendment": _("Awards that amount to something else"),
    "card_charged": _("What a gift card cost, as its provider says"),
    "card_taken_back": _("Gift card taken back by its provider"),
    "debt_written_off": _("A debt was written off"),
    "debt_owed_again": _("A debt is owed again"),
    "redemption_refunded": _("Reward refunded"),
}
MOVEMENT: Final = {
    "opening": _("When the month began"),
    "earned": _("Earned"),
    "corrected": _("Corrected"),
    "written_off": _("Written off"),
    "redeemed": _("Redeemed"),
    "paid": _("Paid out"),
    "expired": _("Expired"),
    "closing": _("At its end"),
}
WORTH: Final = {
    "opening_minor": _("When the month began"),
    "earned_minor": _("Earned"),
    "used_minor": _("Used"),
    "estimate_minor": _("Another estimate"),
    "closing_minor": _("At its end"),
}
VALUED: Final = {
    "held": _("Held at its end, by the ledger"),
    "set_aside": _("Set aside for payouts: owed as money"),
    "ended": ENDED,
    "late": _("Booked after it, before its last day was valued"),
    "difference": _("Not explained"),
    "outstanding": _("Points that were valued"),
}
#: What is taken off in a table that adds up.
TAKEN_OFF: Final = ("redeemed", "paid", "expired", "set_aside", "ended", "difference")


def year_statement(found: Found, *, community: str, say: Say, language: str) -> Report:
    """A member's statement of a year, from `GET /v1/members/{id}/statements/{year}`."""
    who = found["name"] or found["member_id"]
    year = str(found["year"])
    lines = [community, f"{say(MEMBER)}: {found['member_id']}"]
    if found["is_preliminary"]:
        lines.append(say(PRELIMINARY))
    tables = []
    for one in found["sums"]:
        currency = one["currency"]
        words = MOVED if currency == POINTS else OF_MONEY
        rows: list[list[Cell]] = [[say(_("When the year began")), Amount(one["opening"], currency)]]
        rows += [[say(word), Amount(_signed(one, name), currency)] for name, word in words.items()]
        title = say(_("Points")) if currency == POINTS else f"{say(MONEY)}, {currency}"
        total: list[Cell] = [say(_("At its end")), Amount(one["closing"], currency)]
        tables.append(Table(title, ["", say(_("Amount"))], rows, total))
        if one["ended"]:
            over: list[list[Cell]] = [total, [say(ENDED), Amount(-one["ended"], currency)]]
            left: list[Cell] = [say(_("Left after it")), Amount(one["closing"] - one["ended"], currency)]
            tables.append(Table(say(_("Points that ended with the year")), ["", say(_("Amount"))], over, left))
        days = [day for day in found["days"] if day["currency"] == currency]
        tables.append(
            Table(
                f"{title}: {say(BY_DAY)}",
                [say(_("Day")), *map(say, words.values()), say(_("Then there"))],
                [[day["day"], *(Amount(day[name], currency) for name in (*words, "closing"))] for day in days],
                empty=say(_("Nothing moved on any day.")),
            )
        )
    return Report(
        name=f"statement-{found['member_id']}-{year}",
        title=f"{say(STATEMENT)} {year}: {who}",
        language=language,
        lines=lines,
        tables=tables,
        sheet=Sheet(STATEMENT_COLUMNS, list(_day_rows(found))),
        lacking=say(LACKING),
    )


def _day_rows(found: Found) -> Iterator[list[Any]]:
    """The days of a year on which something moved, or ended: what ended did so with the last day, moved or not."""
    last = f"{found['year']}-12-31"
    ended = {one["currency"]: one for one in found["sums"] if one["ended"]}
    days = list(found["days"])
    moved_at_last = {day["currency"] for day in days if day["day"] == last}
    for currency, one in ended.items():
        if currency not in moved_at_last:
            days.append(dict.fromkeys(MOVED, 0) | {"day": last, "currency": currency, "closing": one["closing"]})
    for day in sorted(days, key=lambda day: (day["day"], day["currency"] != POINTS, day["currency"])):
        over = ended[day["currency"]]["ended"] if day["day"] == last and day["currency"] in ended else 0
        yield [
            found["member_id"],
            date.fromisoformat(day["day"]),
            day["currency"],
            *(day[name] for name in (*MOVED, "closing")),
            over,
        ]


def month_end(found: Found, *, community: str, say: Say, language: str) -> Report:
    """A month's end, from `GET /v1/finance/month-ends/{month}`."""
    block = found["block"]
    first = date.fromisoformat(f"{found['month']}-01")
    last = first.replace(day=monthrange(first.year, first.month)[1])
    lines = [community, f"{first} – {last} ({found['starts_at']} – {found['ends_at']})"]
    final = LOCKED if found["state"] == "locked" else CLOSED
    lines.append(say(PRELIMINARY if found["is_preliminary"] else final))
    if block:
        lines.append(f"{say(BLOCK)} {block['number']}: {block['hash']}")
    lines.append(say(_("It balances.")) if found["balanced"] else say(_("It does not balance: look into it.")))
    return Report(
        name=f"month-end-{found['month']}",
        title=f"{say(MONTH_S_END)} {found['month']}",
        language=language,
        lines=lines,
        tables=[*_balance_tables(found, say), _points_table(found, say), *_other_tables(found, say)],
        sheet=Sheet(MONTH_COLUMNS, list(_month_rows(found))),
        lacking=say(LACKING),
    )


def _balance_tables(found: Found, say: Say) -> Iterator[Table]:
    """The trial balance, a table for each currency."""
    for currency in sorted({one["currency"] for one in found["figures"]}, key=lambda name: (name != POINTS, name)):
        figures = [one for one in found["figures"] if one["currency"] == currency]
        yield Table(
            f"{say(TRIAL_BALANCE)}, {say(_('Points')) if currency == POINTS else currency}",
            [say(_("Ledger account")), say(_("Before it")), say(_("Change")), say(_("At its end"))],
            [[say(ITEMS.get(one["kind"], one["kind"])), *_three(one, currency)] for one in figures],
            [
                say(_("In all")),
                *(
                    Amount(sum(amount.value for amount in column), currency)
                    for column in zip(*(_three(one, currency) for one in figures), strict=True)
                ),
            ],
        )


def _three(one: Found, currency: str) -> Sequence[Amount]:
    before, after = one["before"], one["after"]
    return Amount(before, currency), Amount(after - before, currency), Amount(after, currency)


def _points_table(found: Found, say: Say) -> Table:
    points = found["points"]
    rows: list[list[Cell]] = [
        [say(word), Amount(_signed(points, name), POINTS)] for name, word in MOVEMENT.items() if name != "closing"
    ]
    total: list[Cell] = [say(MOVEMENT["closing"]), Amount(points["closing"], POINTS)]
    return Table(say(_("Points that members hold")), ["", say(_("Points"))], rows, total)


def _signed(found: Found, name: str) -> int:
    """A figure as it stands in a table that adds up."""
    amount: int = found[name]
    return -amount if name in TAKEN_OFF else amount


def _other_tables(found: Found, say: Say) -> Iterator[Table]:
    worth = found["worth"]
    if worth:
        currency = worth["currency"]
        rows: list[list[Cell]] = [[say(word), Amount(worth[name], currency)] for name, word in WORTH.items()]
        yield Table(f"{say(WHAT_POINTS_ARE_WORTH)}, {currency}", ["", say(_("Amount"))], rows[:-1], rows[-1])
    if found["valued"]:
        rows = [
            [say(word), Amount(_signed(found["valued"], name), POINTS)]
            for name, word in VALUED.items()
            if name != "difference" or found["valued"][name]
        ]
        yield Table(say(_("From points held to points valued")), ["", say(_("Points"))], rows[:-1], rows[-1])
    yield Table(
        say(_("Payouts by their state at its end")),
        [say(_("State")), say(_("Payouts")), say(_("Points")), say(_("Amount"))],
        [
            [
                f"{say(one['state'])}, {one['currency']}",
                one["count"],
                Amount(one["points"], POINTS),
                Amount(one["amount_minor"], one["currency"]),
            ]
            for one in found["payouts"]
        ],
        empty=say(_("There was none.")),
    )
    for title, items in (
        (say(_("What was open at its end")), found["open_items"]),
        (say(_("What corrects earlier months")), found["corrections"]),
    ):
        yield Table(
            title,
            ["", say(_("Count")), say(_("Points"))],
            [
                [say(ITEMS.get(one["kind"], one["kind"])), one["count"], Amount(one["points"], POINTS)]
                for one in items
            ],
            empty=say(_("There was none.")),
        )


def _month_rows(found: Found) -> Iterator[list[Any]]:
    """Rows that no other has the same name as: of payouts it takes the currency that they are `paid_in`."""
    month = found["month"]
    for one in found["figures"]:
        for measure in ("before", "after"):
            yield [month, "trial_balance", one["kind"], "", measure, one["currency"], one[measure]]
    for name in (*MOVEMENT, "difference"):
        yield [month, "points", name, "", "points", POINTS, found["points"][name]]
    for name in WORTH if found["worth"] else ():
        item = name.removesuffix("_minor")
        yield [month, "worth", item, "", "amount", found["worth"]["currency"], found["worth"][name]]
    for name in VALUED if found["valued"] else ():
        yield [month, "valued", name, "", "points", POINTS, found["valued"][name]]
    for one in found["payouts"]:
        whose = [month, "payouts", one["state"], one["currency"]]
        yield [*whose, "count", "", one["count"]]
        yield [*whose, "points", POINTS, one["points"]]
        yield [*whose, "amount", one["currency"], one["amount_minor"]]
    for section in ("open_items", "corrections"):
        for one in found[section]:
            yield [month, section, one["kind"], "", "count", "", one["count"]]
            yield [month, section, one["kind"], "", "points", POINTS, one["points"]]
