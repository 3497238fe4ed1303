"""Texts are measured as they come in, kept sealed, measured again when somebody asks for it, and deleted."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from services.ingest.communities.domain.communities import Retention
from services.ingest.communities.store import delete_beyond_retention
from services.ingest.measuring import store
from services.ingest.measuring.domain.measuring import Model
from services.ingest.measuring.domain.texts import KeptText, TextsState, UnknownTextError, Written
from services.ingest.measuring.handlers.lists import lexicon
from services.ingest.measuring.handlers.sealing import sealer_of
from services.ingest.metrics import TEXTS_ALTERED, TEXTS_DELETED, TEXTS_MEASURED
from services.ingest.settings import Settings, read_words
from shared.audit import Did
from shared.contracts.activities.told import kept_back, text_of
from shared.contracts.facts import SENTIMENT_MEASURED, SentimentData
from shared.contracts.measures import Measures
from shared.postgres import Connection
from shared.topics import MEASURES
from shared.transaction import Transaction

#: One portion at a time, so that a service with much to do is held up by none of this for longer.
PORTION_EVERY_SECONDS = 1.0
KEEP_EVERY_SECONDS = 60.0
DELETED_MAX_COUNT = 5_000
RESEALED_MAX_COUNT = 500
#: In place of the key of a text that somebody changed behind the service's back.
ALTERED = "altered"


class Said(NamedTuple):
    """An accepted event of which something does not travel: who wrote it, its data, and its extensions."""

    community: str
    event_uid: str
    member_id: str | None
    event_type: str
    received_at: Any
    data: dict[str, Any]
    extensions: dict[str, Any]


def model(settings: Settings) -> Model:
    """The model that measures."""
    return _model_of(settings.sentiment_words)


@cache
def _model_of(words: str) -> Model:
    return Model(read_words(words), lexicon)


def measure(settings: Settings, data: dict[str, Any]) -> Measures | None:
    """What was written in an event is like; None where nothing was."""
    text = text_of(data)
    if text is None:
        return None
    measures = model(settings).measure(text, data.get("language"))
    TEXTS_MEASURED.labels(measures["tone"]).inc()
    return measures


async def keep_texts(tx: Transaction[Settings], *, said: Iterable[tuple[Said, Measures | None]]) -> None:
    """Keep what was written in events, sealed; without a key nothing is kept."""
    sealer = sealer_of(tx.settings.text_keys)
    if sealer.key_id is None:
        return
    texts = [
        KeptText(
            *one[:5],
            sealer.seal(one.community, one.event_uid, kept_back(one.data), one.extensions),
            measures,
        )
        for one, measures in said
    ]
    if texts:
        await store.add_texts(tx.conn, texts=sorted(texts, key=lambda text: text[:2]))


async def find_text(conn: Connection, settings: Settings, *, community: str, event_uid: str) -> Written:
    """What was written in an event. Raises UnknownTextError where none is kept."""
    found = await store.find_text(conn, community=community, event_uid=event_uid)
    if found is None:
        raise UnknownTextError(event_uid)
    return sealer_of(settings.text_keys).open(found)


async def begin_again(tx: Transaction[Settings], *, community: str) -> TextsState:
    """Have a community's texts measured again that another model measured."""
    before = await store.count_texts(tx.conn, community=community, model=model(tx.settings).name)
    if before.outdated_count:
        await store.put_measuring(tx.conn, community=community, started_at=tx.now)
    after = {"model": model(tx.settings).name, "texts_count": before.outdated_count}
    tx.did(Did("community.measure_again", "community", community, after=after))
    return before._replace(started_at=tx.now if before.outdated_count else None)


async def measure_again(tx: Transaction[Settings]) -> None:
    """Measure a portion of the texts again that some community wants measured, and tell what is new of each."""
    community = await store.lock_next_measuring(tx.conn)
    if community is None:
        return
    sealer, now = sealer_of(tx.settings.text_keys), model(tx.settings)
    outdated = await store.lock_outdated(
        tx.conn,
        community=community,
        model=now.name,
        key_ids=sealer.key_ids,
        limit_count=tx.settings.measured_again_max_count,
    )
    if not outdated:
        await store.delete_measuring(tx.conn, community=community)
        return
    measured = []
    for text, written in await _opened(tx, outdated):
        # The language is what was found then: what the platform said of it is in the log.
        language = None if text.measures is None else text.measures.get("language")
        measures = now.measure(text_of(written.fields) or "", language)
        measured.append(text._replace(measures=measures))
        _tell(tx, text, measures=measures)
    await store.set_measures(tx.conn, texts=measured)
    await store.set_portion(tx.conn, community=community, at=tx.now)


async def keep_in_order(tx: Transaction[Settings]) -> None:
    """Delete texts whose retention is over, and seal with the first key what another one seals."""
    deleted = await delete_beyond_retention(
        tx.conn,
        of=store.RETAINED,
        now=tx.now,
        otherwise_days=Retention().texts_days,
        limit_count=DELETED_MAX_COUNT,
    )
    TEXTS_DELETED.inc(deleted)
    sealer = sealer_of(tx.settings.text_keys)
    if sealer.key_id is None:
        return
    others = await store.lock_sealed_otherwise(
        tx.conn, key_id=sealer.key_id, known_ids=sealer.key_ids, limit_count=RESEALED_MAX_COUNT
    )
    sealed = [
        text._replace(content=sealer.seal(text.community, text.event_uid, written.fields, written.extensions))
        for text, written in await _opened(tx, others)
    ]
    await store.set_sealed(tx.conn, texts=sealed)


async def _opened(tx: Transaction[Settings], texts: Sequence[KeptText]) -> list[tuple[KeptText, Written]]:
    """Texts with what was written. Those that do not open, though there is their key, are left alone then."""
    sealer = sealer_of(tx.settings.text_keys)
    opened, altered = [], []
    for text in texts:
        try:
            opened.append((text, sealer.open(text)))
        except UnknownTextError:
            altered.append(text._replace(content=text.content._replace(key_id=ALTERED)))
    if altered:
        TEXTS_ALTERED.inc(len(altered))
        await store.set_sealed(tx.conn, texts=altered)
    return opened


def _tell(tx: Transaction, text: KeptText, *, measures: Measures) -> None:
    data: SentimentData = {
        "event_uid": text.event_uid,
        "event_type": text.event_type,
        "measures": measures,
    }
    if text.member_id is not None:
        data["member_id"] = text.member_id
    tx.tell(
        MEASURES,
        SENTIMENT_MEASURED,
        fact_id=f"{text.event_uid}/{measures['model']}",
        community=text.community,
        subject=text.member_id or text.event_uid,
        data=data,
    )
