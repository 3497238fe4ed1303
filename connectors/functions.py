"""The functions that expressions of connectors may call, beside CEL's operators and loops.

None takes longer than its values are long; those that go through text or lists say what that costs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors import commits, lists, money, people, texts, times
from connectors.steps import steps_through_all, through, through_compared, through_each, through_part


@dataclass(frozen=True, slots=True)
class Function:
    """A function with `least` to `most` arguments, its target the first; null is given on only if it `takes_null`.

    `usage` and `does` are its line in docs/connectors.md. `goes_through` says how many steps values take.
    """

    call: Callable[..., Any]
    least: int
    most: int
    usage: str
    does: str
    takes_null: bool = False
    steps: int = 3
    goes_through: Callable[[Sequence[Any]], int] | None = None


FUNCTIONS: Mapping[str, Function] = {
    "key": Function(
        texts.key, 1, 8, 'key("post", body.post.id)', "an id of several parts, with colons; null if one is missing"
    ),
    "key_with": Function(
        texts.key_with,
        1,
        12,
        'key_with("issues:5", body.label.id)',
        "the same without the parts that are missing",
        takes_null=True,
    ),
    "string": Function(texts.text_of, 1, 1, "string(7)", "a number, a time or true as text"),
    "int": Function(texts.whole_number, 1, 1, 'int("7")', "text as a whole number"),
    "size": Function(lists.size, 1, 1, "size(body.commits)", "how many there are, or how many characters"),
    "sizes": Function(
        lists.sizes, 1, 8, "sizes(c.added, c.removed)", "how many there are in all lists", takes_null=True
    ),
    "startsWith": Function(
        texts.starts_with, 2, 2, 'text.startsWith("a")', "whether text begins so", goes_through=through_compared
    ),
    "endsWith": Function(
        texts.ends_with, 2, 2, 'text.endsWith("a")', "whether text ends so", goes_through=through_compared
    ),
    "contains": Function(
        texts.contains, 2, 2, 'text.contains("a")', "whether this is in text", goes_through=through
    ),
    "lowerAscii": Function(
        lambda text: texts.plain_text(text).lower(),
        1,
        1,
        "text.lowerAscii()",
        "small letters",
        goes_through=through,
    ),
    "upperAscii": Function(
        lambda text: texts.plain_text(text).upper(),
        1,
        1,
        "text.upperAscii()",
        "capital letters",
        goes_through=through,
    ),
    "trim": Function(
        lambda text: texts.plain_text(text).strip(),
        1,
        1,
        "text.trim()",
        "text without blanks around it",
        goes_through=through,
    ),
    "split": Function(texts.split, 2, 2, 'text.split(",")', "its parts", steps=10, goes_through=through),
    "join": Function(
        texts.join, 1, 2, '["a", "b"].join(", ")', "one text; what is null is left out", goes_through=through
    ),
    "replace": Function(
        texts.replace, 3, 3, 'text.replace("T", " ")', "the same or shorter text for another", goes_through=through
    ),
    "substring": Function(
        texts.substring,
        2,
        3,
        "text.substring(0, 200)",
        "from one place to another",
        goes_through=through_part,
    ),
    "moment": Function(
        times.moment, 1, 2, 'moment("2026-01-31 12:00:00", "Europe/Rome")', "a time that says no zone"
    ),
    "written_time": Function(
        times.written_time,
        3,
        3,
        'written_time("11/19/2021 9:54:15 AM", "mdy", "Europe/Rome")',
        "a time as people write it, day first (`dmy`) or month first (`mdy`)",
        steps=30,
    ),
    "covered_minutes": Function(
        times.covered_minutes,
        1,
        1,
        "covered_minutes(records.map(r, [r.joined, r.left]))",
        "the whole minutes that lie in at least one of several spans",
        steps=20,
        goes_through=lambda values: 20 * through(values),
    ),
    "merged": Function(
        lists.merged,
        2,
        2,
        'merged(record, {"channel": "C1"})',
        "one object of two; the second's fields hold",
        steps=10,
        goes_through=through,
    ),
    "unix": Function(times.unix, 1, 1, 'unix("1595926230.009600")', "seconds since 1970 as a time"),
    "unix_ms": Function(
        lambda value: times.unix(value, 1000), 1, 1, "unix_ms(1595926230009)", "milliseconds since 1970 as a time"
    ),
    "snowflake_time": Function(
        times.snowflake_time, 1, 1, "snowflake_time(body.id)", "the time in an id of Discord's"
    ),
    "latest": Function(
        times.latest, 1, 8, "latest(body.a, body.b)", "the latest of the times that there are", takes_null=True
    ),
    "earliest": Function(
        times.earliest,
        1,
        8,
        "earliest(body.a, body.b)",
        "the earliest of the times that there are",
        takes_null=True,
    ),
    "listed": Function(
        lists.listed,
        1,
        8,
        "listed(body.to, body.cc)",
        "one list: of what are lists all that is in them; what is missing is left out",
        takes_null=True,
        steps=10,
        goes_through=through,
    ),
    "minor_units": Function(
        money.minor_units,
        2,
        2,
        'minor_units("12.50", "EUR")',
        "an amount in its currency's minor units, by ISO 4217: 1250",
        steps=10,
    ),
    "exponent": Function(money.exponent, 1, 1, 'exponent("JPY")', "how many places a currency has: 0, 2, 3 or 4"),
    "sum": Function(
        lists.sum_of, 1, 1, "sum([1, 2])", "numbers added; what is null is left out", goes_through=through
    ),
    "flat": Function(
        lists.flat,
        1,
        1,
        "flat(body.refunds.map(r, r.items))",
        "what is in lists, in one",
        goes_through=through_each,
    ),
    "digest": Function(
        texts.digest,
        1,
        1,
        "digest(body)",
        "16 digits of a hash of all of it, such as for an id with somebody's name in it",
        steps=20,
        goes_through=steps_through_all,
    ),
    "html_text": Function(
        texts.html_text,
        1,
        1,
        "html_text(body.content)",
        "text without tags and entities",
        steps=10,
        goes_through=through,
    ),
    "host_name": Function(texts.host_name, 1, 1, "host_name(body.url)", "the host of a URL"),
    "forge_host": Function(
        people.host_of,
        1,
        4,
        "forge_host(body.repository.html_url)",
        "the host of the first URL that has one, an API's that of its forge",
        takes_null=True,
        steps=20,
    ),
    "forge_id": Function(
        people.account_id,
        2,
        3,
        'forge_id(host, 7, "gitlab")',
        "an account's or repository's id, with its host but for the main one",
    ),
    "account": Function(
        people.account_of,
        2,
        3,
        "account(body.sender, host)",
        "GitHub's user as a person, with `\"gitlab\"` GitLab's; null for a placeholder or organisation",
        takes_null=True,
        steps=20,
    ),
    "is_gone": Function(
        people.is_placeholder,
        2,
        2,
        "is_gone(body.sender, host)",
        "whether GitHub's user stands for an account that is gone",
        takes_null=True,
    ),
    "commit_people": Function(
        commits.commit_people,
        2,
        2,
        "commit_people(commit, salt)",
        "author and co-authors of a commit: `who`, `co_author`, `suffix` for the id; no bots",
        steps=100,
        goes_through=steps_through_all,
    ),
    "is_merge": Function(commits.is_merge, 1, 1, "is_merge(commit.message)", "whether a message is a merge's"),
    "is_squash": Function(
        commits.is_squash,
        2,
        2,
        "is_squash(commit.message, commit.committer.email)",
        "whether a forge made it of a pull request",
    ),
}
