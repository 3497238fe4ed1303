"""What members wrote in surveys by name, for whoever runs the community."""

from collections.abc import Sequence
from dataclasses import replace

from services.ingest.measuring.domain.texts import UnknownTextError
from services.ingest.measuring.handlers.sealing import sealer_of
from services.ingest.settings import Settings
from services.ingest.surveys import store
from services.ingest.surveys.domain import AnswerInWords, WordsPlace
from shared.contracts.activities.told import text_of
from shared.postgres import Connection


async def page_of_words(
    conn: Connection,
    settings: Settings,
    *,
    community: str,
    survey_id: str,
    after: WordsPlace | None,
    limit_count: int,
) -> Sequence[AnswerInWords]:
    """Answers by name in words, the last day first; without words where no key opens them any more."""
    found = await store.page_of_words(
        conn, community=community, survey_id=survey_id, after=after, limit_count=limit_count
    )
    return [replace(one, words=_words(settings, one)) for one in found]


def _words(settings: Settings, one: AnswerInWords) -> str | None:
    try:
        return text_of(sealer_of(settings.text_keys).open(one.text).fields)
    except UnknownTextError:
        return None
