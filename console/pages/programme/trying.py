"""One event on the draft in the editor: what each rule of it would have given, or why not, with its line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from console.asking import Answer
from console.frame.refusals import Refusal
from console.frame.visits import Visit

#: Who sees what events earned, beside the scope of the editor.
SEES = "points:read"
UNPROCESSABLE = 422
_ID = re.compile(r"""(?:^|[\s{,])id:\s*["']?([\w-]+)""")


@dataclass(frozen=True)
class Tried:
    """An event as it was typed or linked to, and what came of it; nothing where it was not tried."""

    event: str = ""
    found: Mapping[str, Any] | None = None
    refused: Refusal | None = None
    is_wrong: bool = False
    lines: Mapping[str, int] | None = None

    @property
    def status(self) -> int:
        """Of the page that shows it."""
        return UNPROCESSABLE if self.is_wrong else 200 if self.refused is None else self.refused.status

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules for events of its type, in the order of the draft."""
        return [] if self.found is None else [one for one in self.found["rules"] if one["listens"]]

    @property
    def silent(self) -> list[dict[str, Any]]:
        """The rules for events of other types."""
        return [] if self.found is None else [one for one in self.found["rules"] if not one["listens"]]

    @property
    def gone(self) -> list[tuple[str, int]]:
        """What it earned by rules that the draft has no more: their titles, and how much."""
        if self.found is None:
            return []
        known = {one["rule_id"] for one in self.found["rules"]}
        titles = {one["rule_id"]: one["title"] for one in self.found["in_force"]["rules"]}
        sums: dict[str, int] = {}
        for award in self.found["in_force"]["awards"]:
            if award["rule_id"] not in known:
                title = titles.get(award["rule_id"], award["rule_id"])
                sums[title] = sums.get(title, 0) + award["points"]
        return list(sums.items())


async def tried_on(visit: Visit, text: str) -> Tried:
    """Try the event that the form says on a text that is right."""
    typed = visit.form.get("event", "").strip()
    uid = uid_of(typed)
    if uid is None:
        return Tried(typed[:100], is_wrong=True)
    body: dict[str, Any] = {"event_uid": uid, "text": text}
    if visit.signed_in.may("analytics:read"):
        # When it was received says where in the log it is.
        event = await visit.ask.get("analytics", f"/v1/lineage/events/{uid}")
        if event.ok:
            body["received_at"] = event.body["event"]["received_at"]
    answer: Answer = await visit.ask.post("scoring", "/v1/programmes/what-if", body)
    if not answer.ok:
        return Tried(uid, refused=Refusal.of(answer))
    return Tried(uid, found=answer.body, lines=lines_of_rules(text))


def uid_of(typed: str) -> str | None:
    """The id of an event, typed or as the end of its page's address; None for what is none."""
    try:
        return str(UUID(typed.rstrip("/").rsplit("/", 1)[-1]))
    except ValueError:
        return None


def lines_of_rules(text: str) -> dict[str, int]:
    """On which line of a programme's text each rule says its id, as far as that is written plainly."""
    found: dict[str, int] = {}
    is_within = False
    for number, line in enumerate(text.split("\n"), start=1):
        if line[:1].isalpha():
            is_within = line.startswith("rules:")
        if is_within and (said := _ID.search(line)) is not None:
            found.setdefault(said[1], number)
    return found
