"""Pictures of badges are cleaned and kept, and thrown away."""

from services.recognition.badges.domain.by_hand import UnknownBadgeError
from services.recognition.badges.store import shown as store
from services.recognition.thresholds import store as thresholds_store
from shared.audit import Did
from shared.pictures import Picture, cleaned_picture
from shared.transaction import Transaction


async def put_picture(tx: Transaction, *, community: str, badge_id: str, content: bytes) -> Picture:
    """Have a badge look like this. Raises UnknownBadgeError, and PictureError for what is not served."""
    await _check(tx, community=community, badge_id=badge_id)
    picture = cleaned_picture(content)
    before = (await store.pictured(tx.conn, community=community)).get(badge_id)
    await store.put_picture(tx.conn, community=community, badge=badge_id, picture=picture, uploaded_at=tx.now)
    tx.did(
        Did(
            "badge.put_picture",
            "badge",
            badge_id,
            before={"etag": before},
            after={"etag": picture.etag, "media_type": picture.media_type},
        )
    )
    return picture


async def delete_picture(tx: Transaction, *, community: str, badge_id: str) -> None:
    """Have a badge look as the programme says. Raises UnknownBadgeError."""
    await _check(tx, community=community, badge_id=badge_id)
    before = (await store.pictured(tx.conn, community=community)).get(badge_id)
    await store.delete_picture(tx.conn, community=community, badge=badge_id)
    tx.did(Did("badge.drop_picture", "badge", badge_id, before={"etag": before}, after={"etag": None}))


async def _check(tx: Transaction, *, community: str, badge_id: str) -> None:
    in_force = await thresholds_store.find_recognition(tx.conn, community=community)
    if in_force is None or badge_id not in {badge.id for badge in in_force.recognition.badges}:
        raise UnknownBadgeError
