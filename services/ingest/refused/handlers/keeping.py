"""What was refused is kept, sealed, opened for whoever may see it, and deleted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson
import uuid_utils

from services.ingest.communities.domain.communities import Retention
from services.ingest.communities.store import delete_beyond_retention
from services.ingest.measuring.domain.texts import KeptText, Sealed, UnknownTextError
from services.ingest.measuring.handlers.sealing import Sealer, sealer_of
from services.ingest.members.handlers.resolving import who_is_known
from services.ingest.metrics import REFUSED_KEPT
from services.ingest.refused import store
from services.ingest.refused.domain import (
    Content,
    Found,
    Refused,
    Request,
    Standing,
    UnknownRefusedError,
    content_of,
    written,
)
from services.ingest.settings import Settings
from shared.transaction import Transaction

KEEP_EVERY_SECONDS = 60.0
DELETED_MAX_COUNT = 5_000
RESEALED_MAX_COUNT = 500
#: Beyond its bounds a community may be by this part of them, so that not each refusal counts all of its others.
BEYOND_MAX = 0.05
#: Communities of which a process remembers how much came since it was last looked how much there is.
REMEMBERED_MAX_COUNT = 10_000


class Grown(NamedTuple):
    """How much of a community was kept since it was last looked whether that is too much."""

    entries: int
    bytes: int


_grown: dict[str, Grown] = {}


async def keep(tx: Transaction[Settings], *, request: Request, found: Sequence[Found]) -> bool:
    """Keep what was refused of a request; False where nothing is, because no key seals it.

    Of who was erased nothing is kept. Beyond the bounds of a community its oldest go.
    """
    settings = tx.settings
    sealer = sealer_of(settings.text_keys)
    key_id = sealer.key_id
    if key_id is None:
        REFUSED_KEPT.labels("unsealed").inc(len(found))
        return False
    # What alone would be more than a community's bounds is not even begun.
    found = found[-settings.refused_max_count :]
    known, erased = await who_is_known(tx, identities={one.actor for one in found if one.actor is not None})
    refused = []
    for one in found:
        if one.actor in erased:
            continue
        refused_id = str(uuid_utils.uuid7())
        fields = written(one.content, one.reasons, settings.refused_entry_max_bytes)
        sealed = sealer.seal(request.community, refused_id, fields).sealed
        owner = None if one.actor is None else known.get(one.actor)
        refused.append(
            Refused(
                request.community,
                refused_id,
                one.cause,
                request.receipt_id,
                one.place,
                one.event_uid,
                one.event_type,
                None if owner is None else owner.member_id,
                request.received_at,
                len(sealed),
                key_id,
                sealed,
            )
        )
    if refused:
        await store.add_refused(tx.conn, refused=refused)
        await _keep_bounds(tx, community=request.community, refused=refused)
    REFUSED_KEPT.labels("kept").inc(len(refused))
    return True


async def _keep_bounds(tx: Transaction[Settings], *, community: str, refused: Sequence[Refused]) -> None:
    settings = tx.settings
    before = _grown.get(community) or Grown(settings.refused_max_count, 0)  # who comes first is looked at
    grown = Grown(before.entries + len(refused), before.bytes + sum(one.size_bytes for one in refused))
    is_looked_at = (
        grown.entries > BEYOND_MAX * settings.refused_max_count
        or grown.bytes > BEYOND_MAX * settings.refused_max_bytes
    )
    if is_looked_at:
        deleted = await store.delete_beyond(
            tx.conn,
            community=community,
            max_count=settings.refused_max_count,
            max_bytes=settings.refused_max_bytes,
        )
        REFUSED_KEPT.labels("dropped").inc(deleted)
        grown = Grown(0, 0)
    if len(_grown) >= REMEMBERED_MAX_COUNT:
        _grown.clear()
    _grown[community] = grown


async def keep_in_order(tx: Transaction[Settings]) -> None:
    """Timer: delete what its community keeps no longer, and seal with the first key what another one seals."""
    await delete_beyond_retention(
        tx.conn,
        of=store.RETAINED,
        now=tx.now,
        otherwise_days=Retention().rejected_days,
        limit_count=DELETED_MAX_COUNT,
    )
    sealer = sealer_of(tx.settings.text_keys)
    if sealer.key_id is None:
        return
    others = await store.lock_sealed_otherwise(
        tx.conn, key_id=sealer.key_id, known_ids=sealer.key_ids, limit_count=RESEALED_MAX_COUNT
    )
    await store.set_sealed(tx.conn, refused=[_resealed(sealer, one, sealer.key_id) for one in others])


def _resealed(sealer: Sealer, refused: Refused, key_id: str) -> Refused:
    """Sealed with the first key. What does not open is nobody's any more: its bytes stay as they are."""
    try:
        sealed = sealer.seal(refused.community, refused.refused_id, _open(sealer, refused, refused.sealed)).sealed
        stands = None
        if refused.stands is not None:
            fields = _open(sealer, refused, refused.stands)
            stands = sealer.seal(refused.community, refused.refused_id, fields).sealed
    except UnknownRefusedError:
        return replace(refused, key_id="altered")
    return replace(refused, key_id=key_id, sealed=sealed, stands=stands)


def opened(settings: Settings, refused: Refused) -> Content:
    """What was refused, and why. Raises UnknownRefusedError when its key is gone, or somebody changed the row."""
    return content_of(_open(sealer_of(settings.text_keys), refused, refused.sealed))


def what_stands(settings: Settings, refused: Refused) -> Standing | None:
    """What stands where something said otherwise; None where that is not known, or not any more."""
    if refused.stands is None:
        return None
    fields = _open(sealer_of(settings.text_keys), refused, refused.stands)
    return Standing(orjson.loads(fields["event"]), fields["whole"] == "yes")


def seal_standing(settings: Settings, refused: Refused, standing: Standing) -> bytes | None:
    """What stands, sealed with the key that seals the rest of it; None where that key seals no more."""
    sealer = sealer_of(settings.text_keys)
    if sealer.key_id != refused.key_id:
        return None
    fields = {"event": orjson.dumps(standing.event).decode(), "whole": "yes" if standing.is_whole else "no"}
    return sealer.seal(refused.community, refused.refused_id, fields).sealed


def _open(sealer: Sealer, refused: Refused, sealed: bytes) -> dict[str, str]:
    kept = KeptText(
        refused.community,
        refused.refused_id,
        None,
        "",
        refused.received_at,
        Sealed(refused.key_id, sealed),
        None,
    )
    try:
        return dict(sealer.open(kept).fields)
    except UnknownTextError as error:
        raise UnknownRefusedError(refused.refused_id) from error
