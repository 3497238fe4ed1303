"""The decisions beside the figures of a page, with these as they were and are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.asking import Answer
from console.components.figures import FIGURES, STATES, FigureWords, deciding_href
from console.frame.visits import Visit

BESIDE_COUNT: Final = 5


@dataclass(frozen=True)
class Beside:
    """The decisions beside the figures of a page, the newest first, with these as they were and are."""

    figures: Sequence[str]
    about: str | None
    answer: Answer
    then_and_now: Mapping[str, Any]
    words: Mapping[str, FigureWords]
    states: Mapping[str, Any]

    def hrefs(self) -> Sequence[tuple[str, str]]:
        """Figures of the page, with where something is decided on each."""
        return [
            (self.words[name].title, deciding_href(name, self.about))
            for name in self.figures
            if name != "goal" or self.about is not None
        ]


async def beside(visit: Visit, *figures: str, about: str | None = None) -> Beside:
    """The newest decisions on a page's figures."""
    wanted = {"figure": list(figures), "about": about, "limit": BESIDE_COUNT}
    answers: dict[str, Answer] = await visit.ask.all(
        words=visit.ask.get("ingest", "/v1/decisions", **wanted),
        values=visit.ask.get("analytics", "/v1/decided-figures", **wanted),
    )
    values = {one["decision_id"]: one for one in answers["values"].items} if answers["values"].ok else {}
    return Beside(figures, about, answers["words"], values, FIGURES, STATES)
