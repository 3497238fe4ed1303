"""What the fields of entries are called: what was, and what is since."""

import contextlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from console.components.languages import Writer, short_id
from console.pages.audit.values import VALUES


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: By the field, as handlers give it to the audit; of a field that nobody knows here its own name is shown.
FIELDS: Final = {
    "about": _("about"),
    "accepted_at": _("accepted at"),
    "accepted_count": _("accepted"),
    "accounts": _("accounts"),
    "added": _("added"),
    "address_revision": _("revision of the address"),
    "amends": _("month that it amends"),
    "amount": _("amount"),
    "answer": _("answer to"),
    "answers": _("answers"),
    "asked_at": _("asked at"),
    "asked_by": _("asked for by"),
    "account_changed": _("other account"),
    "is_cancel_asked": _("to be taken back"),
    "asks_provider": _("the provider is asked"),
    "audience": _("audience"),
    "at": _("at what time"),
    "award_id": _("award"),
    "backtest": _("backtested before it is submitted"),
    "badge": _("badge"),
    "base": _("base currency"),
    "basis": _("basis"),
    "begins_at": _("begins at"),
    "below_points": _("below so many points"),
    "bic_changed": _("BIC is another"),
    "block": _("block of the chain"),
    "booked_points": _("points booked"),
    "bot_by": _("a bot, as said by"),
    "bots": _("patterns of bots’ names"),
    "capacity": _("places"),
    "cases": _("cases"),
    "category": _("category"),
    "cause": _("cause"),
    "changed": _("changed"),
    "channels": _("channels"),
    "check": _("check"),
    "claims": _("times it was used"),
    "colours": _("colours"),
    "complete": _("everybody is in it"),
    "confirmed": _("is confirmed"),
    "connector": _("connector"),
    "countries": _("countries"),
    "country": _("country"),
    "currencies_count": _("currencies"),
    "currency": _("currency"),
    "day": _("day"),
    "day_max_count": _("messages a day at most"),
    "deliveries_count": _("deliveries"),
    "delivery_id": _("delivery"),
    "description": _("description"),
    "device": _("device"),
    "differences_count": _("differences"),
    "digest": _("digest"),
    "disabled": _("disabled"),
    "document_sha256": _("SHA-256 of the text"),
    "drafts": _("drafts"),
    "due_at": _("due at"),
    "earns": _("receives points"),
    "edition": _("edition"),
    "effective_from": _("in force from"),
    "email": _("mail address"),
    "embed_sites": _("sites that may embed"),
    "endpoint_id": _("webhook"),
    "ends_at": _("ends at"),
    "ends_on": _("ends on"),
    "entries_count": _("entries"),
    "estimate": _("estimate"),
    "etag": _("fingerprint of the picture"),
    "events_count": _("events"),
    "every": _("how often"),
    "execution_date": _("day on which the bank pays"),
    "expected_redemption": _("expected to be redeemed"),
    "expires_at": _("expires at"),
    "face_minor": _("value of the card, in minor units"),
    "figure": _("figure"),
    "forfeits": _("gives up what is open"),
    "freeze_id": _("freeze"),
    "freezes_left": _("freezes left"),
    "from": _("from"),
    "goods": _("goods"),
    "grain": _("grain"),
    "grant_id": _("grant"),
    "grant_ids": _("grants"),
    "has_code": _("has a code"),
    "has_logo": _("has a logo"),
    "has_webhook_secret": _("has a webhook secret"),
    "hash": _("hash"),
    "held_points": _("points held"),
    "hold_id": _("hold"),
    "holding_days": _("days from points to their payout"),
    "holds": _("holds"),
    "iban": _("IBAN"),
    "iban_changed": _("IBAN is another"),
    "identities_count": _("identities"),
    "identities_new": _("new identities"),
    "in_force_count": _("secrets in force"),
    "is_connected": _("is connected"),
    "is_elsewhere": _("at another address"),
    "is_enabled": _("is switched on"),
    "is_given": _("is given"),
    "is_new": _("is new"),
    "is_own": _("is the community’s own"),
    "is_unknown": _("nobody knows what became of it"),
    "is_withdrawn": _("is withdrawn"),
    "issuer": _("sign-in provider"),
    "joined_by": _("joined by"),
    "joined_to": _("joined to"),
    "kept_until": _("kept until"),
    "key": _("key"),
    "kind": _("kind"),
    "kinds": _("kinds"),
    "known": _("known already"),
    "language": _("language"),
    "languages": _("languages"),
    "level": _("level"),
    "line_id": _("line"),
    "lines": _("lines"),
    "link_id": _("link"),
    "locked": _("is fixed"),
    "low_amount": _("is low below"),
    "max_age_days": _("days old at most"),
    "max_move_basis_points": _("moves at most, in basis points"),
    "may_return": _("may come back by their mail address"),
    "media_type": _("media type"),
    "members": _("members"),
    "members_new": _("new members"),
    "mended": _("mended"),
    "merged_id": _("merged member"),
    "merged_with_count": _("members merged with it"),
    "messages": _("messages"),
    "minimum_minor": _("least payout, in minor units"),
    "minimum_age": _("minimum age, in years"),
    "minor_per_point": _("minor units for a point"),
    "follows": _("what its price follows"),
    "model": _("model"),
    "month": _("month"),
    "month_of_quarter": _("month of the quarter"),
    "more_fields": _("more fields"),
    "name": _("name"),
    "name_changed": _("name is another"),
    "named": _("named"),
    "nominee_id": _("who is nominated"),
    "note": _("note"),
    "number": _("number"),
    "objective": _("objective"),
    "of": _("of"),
    "off_boards_wish": _("wishes to be on no board"),
    "offset": _("offset"),
    "old_secret_until": _("secret of before works until"),
    "on_day": _("on which day"),
    "one_person_waits": _("one person alone waits to publish"),
    "outcome": _("outcome"),
    "outcome_id": _("outcome"),
    "owners": _("owners"),
    "pace": _("pace"),
    "pairs": _("pairs"),
    "parts": _("parts"),
    "payments": _("payments"),
    "payout_id": _("payout"),
    "payout_ids": _("payouts"),
    "person_id": _("person"),
    "planned": _("members in the run"),
    "points": _("points"),
    "product_id": _("product"),
    "proposed_by": _("proposed by"),
    "provider": _("provider"),
    "public": _("is public"),
    "publishing": _("publishing takes"),
    "purpose": _("purpose"),
    "quiet": _("quiet hours"),
    "ranks": _("is on boards"),
    "reaction": _("reaction"),
    "reason": _("reason"),
    "receipt_id": _("receipt"),
    "receiver_id": _("who is thanked"),
    "recipients": _("recipients"),
    "redemptions": _("redemptions"),
    "refund_id": _("refund"),
    "refunded_minor": _("given back by the provider, in minor units"),
    "refunded_points": _("points given back"),
    "refused_count": _("refused"),
    "rejected_days": _("days that rejected events are kept"),
    "removed": _("is removed"),
    "renamed": _("has another name"),
    "replaced_by": _("replaced by"),
    "reports": _("reports"),
    "restores": _("version that is in force again"),
    "returned": _("given to their owners again"),
    "reversal_asked": _("taking back is asked for"),
    "reverses": _("takes back"),
    "review_on": _("looked at again on"),
    "revision": _("revision"),
    "revoked": _("is revoked"),
    "reward_id": _("reward"),
    "roles": _("roles"),
    "round_id": _("round"),
    "run_id": _("payout run"),
    "said": _("said"),
    "says": _("the bank says"),
    "scopes": _("scopes"),
    "seal_seen": _("seal that was seen"),
    "seen": _("seen"),
    "send_id": _("send"),
    "set": _("is set"),
    "settings": _("settings"),
    "sha256": _("SHA-256 of the file"),
    "shown_as": _("shown as"),
    "since": _("since"),
    "source": _("source"),
    "spends": _("spends for"),
    "spread_basis_points": _("spread, in basis points"),
    "standing": _("standing"),
    "standings": _("kinds of members"),
    "starts_at": _("starts at"),
    "starts_on": _("starts on"),
    "state": _("state"),
    "states": _("states"),
    "stock": _("stock"),
    "stolen_since": _("stolen since"),
    "stop_above_minor": _("stopped above, in minor units"),
    "stopped": _("stopped"),
    "stops_shared_accounts": _("stops accounts that several have"),
    "subject": _("subject"),
    "sum_minor": _("sum, in minor units"),
    "superseded": _("scheduled version that it replaces"),
    "survey": _("survey"),
    "taken_back": _("is taken back"),
    "tax_rate": _("tax rate"),
    "tax_forms": _("tax forms that are asked for"),
    "team_id": _("team"),
    "texts_count": _("texts"),
    "texts_days": _("days that texts are kept"),
    "tickets": _("tickets"),
    "tied_to": _("tied to"),
    "time_zone": _("time zone"),
    "title": _("title"),
    "to": _("to"),
    "to_wallet_id": _("to the wallet"),
    "topic": _("topic"),
    "treatment": _("treatment"),
    "trouble": _("trouble"),
    "types": _("types"),
    "unit_cost": _("cost of each"),
    "units": _("units"),
    "unmerged_id": _("parted member"),
    "unmerged_with_count": _("members parted with it"),
    "until": _("until"),
    "url": _("address"),
    "uses_max_count": _("uses at most"),
    "valid_until": _("valid until"),
    "value": _("value"),
    "version": _("version"),
    "vintage_unit": _("points are grouped by"),
    "waits": _("waits for somebody"),
    "wallet_id": _("wallet"),
    "warn_above_minor": _("warned above, in minor units"),
    "was_placed": _("had been placed"),
    "way": _("way"),
    "week_start": _("first day of the week"),
    "winners": _("winners"),
    "withdrawn": _("is withdrawn"),
    "withdrawn_count": _("withdrawn"),
    "without": _("without"),
}
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LONG_ID: Final = re.compile(r"[0-9a-f-]{32,64}")


class Change(NamedTuple):
    """A field that a command changed, in words and by its name; None where it was not there."""

    words: str
    field: str
    before: str | None
    after: str | None


def changes(entry: Mapping[str, Any], write: Writer, say: Callable[[str], str]) -> list[Change]:
    """What is not as it was; of what was made, all that is said of it."""
    before, after = entry["before"] or {}, entry["after"] or {}
    return [
        Change(
            say(FIELDS[field]) if field in FIELDS else field,
            field,
            _text(before.get(field), VALUES.get(field, {}), write, say),
            _text(after.get(field), VALUES.get(field, {}), write, say),
        )
        for field in {**before, **after}
        if before.get(field) != after.get(field)
    ]


def _text(value: Any, words: Mapping[str, str], write: Writer, say: Callable[[str], str]) -> str | None:
    """A value for people: in its words where it has some, moments in their zone, ids and hashes short."""
    read = partial(_text, words=words, write=write, say=say)
    match value:
        case None:
            return None
        case bool():
            return say(_("yes")) if value else say(_("no"))
        case list():
            return ", ".join(str(read(one)) for one in value)
        case dict():
            named = {str(read(name)): read(one) or "–" for name, one in value.items()}
            return ", ".join(f"{name}: {one}" for name, one in named.items())
    return say(words[value]) if value in words else _as_written(str(value), write)


def _as_written(text: str, write: Writer) -> str:
    if _MOMENT.fullmatch(text):
        # What somebody called something may look like a moment that never was.
        with contextlib.suppress(ValueError, OverflowError):
            return write.moment(text)
    return short_id(text) if _LONG_ID.fullmatch(text) else text
