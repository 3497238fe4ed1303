"""What is said of members from a moment on is kept, and told; and what programmes declare is remembered."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from services.ingest.attributes import store
from services.ingest.attributes.domain import FACTS_MAX_COUNT, Purpose, TooManyFactsError, at, checked, news
from services.ingest.bots.handlers import say_standing
from services.ingest.costs.handlers import on_programmes as count_rules
from services.ingest.event_types.handlers import on_programmes as declare_types
from services.ingest.members.domain import Dated, MemberKey, UnknownMemberError, Value
from services.ingest.members.handlers.telling import tell_members
from services.ingest.members.store import members as members_store
from services.ingest.triggers.handlers import on_programmes as declare_surveys
from services.ingest.walls.handlers import on_programmes as declare_kudos
from shared.audit import Did
from shared.consumer import Subscription
from shared.contracts.facts import PROGRAMME_PUBLISHED, ProgrammePublished
from shared.contracts.programme import Attribute
from shared.topics import PROGRAMMES
from shared.transaction import InvalidMessageError, Transaction

_ATTRIBUTES = TypeAdapter(list[Attribute])


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Remember what programmes declare of attributes, events, kudos and surveys, and what their rules cost.

    Raises InvalidMessageError for a programme that cannot be read.
    """
    await count_rules(tx, programmes)
    await declare_types(tx, programmes)
    await declare_kudos(tx, programmes)
    await declare_surveys(tx, programmes)
    for index, fact in enumerate(programmes):
        data = fact["data"]
        try:
            attributes = _ATTRIBUTES.validate_python(data["document"].get("attributes", []))
        except ValidationError as error:
            raise InvalidMessageError(f"attributes of {data['programme_id']}: {error}", index) from error
        await store.put_declared(
            tx.conn,
            community=fact["community"],
            version=data["version"],
            effective_from=data["effective_from"],
            attributes=attributes,
        )


FOLLOWED_PROGRAMMES = Subscription(PROGRAMMES, PROGRAMME_PUBLISHED.adapter, on_programmes)


async def set_attributes(
    tx: Transaction, *, key: MemberKey, values: Mapping[str, Value], source: str, since: datetime
) -> list[Dated]:
    """Say attributes of a member from a moment on; return all that is known of it.

    Raises UnknownMemberError, UndeclaredAttributeError and TooManyFactsError.
    """
    declared = await store.load_declared(tx.conn, community=key.community)
    facts = []
    for name, value in values.items():
        attribute = checked(name, value, declared)
        travels = attribute.for_rules or not attribute.personal
        facts.append(Dated("attribute", name, since, tx.now, value, source, travels))
    return await _keep(tx, key, facts=facts, command="member.set_attributes")


async def set_preferences(tx: Transaction, *, key: MemberKey, facts: Sequence[Dated]) -> list[Dated]:
    """Say what a member wishes from a moment on; return all that is known of it. Raises as `set_attributes`."""
    known = await _keep(tx, key, facts=facts, command="member.set_preferences")
    wish = at(known, tx.now).get(("opt_out", Purpose.BOARDS.value))
    entry = Did("member.set_preferences", "member", key.member_id, key.member_id, after=_noted(facts))
    await say_standing(tx, key=key, bot=None, standing={}, off_boards=bool(wish and wish.value))
    tx.did(entry)
    return known


async def _keep(tx: Transaction, key: MemberKey, *, facts: Sequence[Dated], command: str) -> list[Dated]:
    if await members_store.find_member(tx.conn, key=key) is None:
        raise UnknownMemberError(key.member_id)
    known = (await members_store.load_dated(tx.conn, keys=[key])).get(key, [])
    if new := news(facts, known):
        await members_store.raise_revision(tx.conn, key=key)
        await members_store.put_dated(tx.conn, facts=[(key, fact) for fact in new])
        known = (await members_store.load_dated(tx.conn, keys=[key])).get(key, [])
        if len(known) > FACTS_MAX_COUNT:
            raise TooManyFactsError
        await tell_members(tx, keys=[key])
    tx.did(Did(command, "member", key.member_id, key.member_id, after=_noted(facts)))
    return known


def _noted(facts: Sequence[Dated]) -> dict[str, object]:
    """Names alone: an entry is kept, and values may have to go."""
    return {"said": sorted(f"{fact.kind} {fact.name}" for fact in facts)}
