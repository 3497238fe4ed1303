"""What was answered lately to whoever visits, so that many who look at one embed ask the services once."""

import time
from typing import Any, Final

from console.asking import Answer, Asking

KEPT_SECONDS: Final = 10.0
#: A look with the largest logo is 170 KiB: 34 MB at most.
ANSWERS_MAX_COUNT: Final = 200


class Lately:
    """Answers to visitors, by community and question: never those of anybody who shows who they are."""

    def __init__(self) -> None:
        self._answers: dict[tuple[object, ...], tuple[float, Answer]] = {}

    async def get(self, ask: Asking, service: str, path: str, **params: Any) -> Answer:
        """An answer of some seconds ago, else one that is asked for now. Refusals are asked for each time."""
        assert ask.token is None  # noqa: S101 -- what a person may see is nobody else's
        key = (ask.visits, service, path, *sorted(params.items()))
        kept = self._answers.get(key)
        if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        answer = await ask.get(service, path, **params)
        if answer.ok:
            if len(self._answers) >= ANSWERS_MAX_COUNT:
                self._answers.clear()
            self._answers[key] = (time.monotonic(), answer)
        else:
            self._answers.pop(key, None)
        return answer
