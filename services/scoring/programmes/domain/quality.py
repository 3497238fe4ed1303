"""What is wrong with the section `quality` beside its own fields: whom it trusts, and which score it gives."""

from collections.abc import Iterator

from services.scoring.programmes.domain.audiences import audience_ids
from services.scoring.programmes.domain.mistakes import Mistake, list_at, mistake, value_at
from services.scoring.rules.domain.qualities import QUALITY
from shared.contracts.programme import SPENDABLE
from shared.located_yaml import Located, Path
from shared.near_names import suggestion

TRUSTED: Path = (QUALITY, "trusted", "audiences")
SCORE: Path = (QUALITY, "score")


def quality_mistakes(located: Located) -> Iterator[Mistake]:
    """Where it names an audience or a score that is not there, or points that can be spent."""
    known = audience_ids(located)
    for index, named in enumerate(list_at(located, TRUSTED)):
        if isinstance(named, str) and named not in known:
            at = (*TRUSTED, index)
            detail = f"there is no audience `{named}`; {suggestion(named, known)}"
            if not known:
                detail = f"there is no audience `{named}`: the programme declares no `audiences`"
            yield mistake(located.values[at], at, detail)
    for index, rule in enumerate(list_at(located, ("rules",))):
        if isinstance(rule, dict) and rule.get("id") == QUALITY:
            at = ("rules", index, "id")
            yield mistake(
                located.values[at], at, f"what good content gives is called `{QUALITY}`: give the rule another id"
            )
    score = value_at(located, SCORE)
    if not isinstance(score, str):
        return
    scores = [one.get("id") for one in list_at(located, ("scores",)) if isinstance(one, dict)]
    declared = [one for one in scores if isinstance(one, str)]
    if score == SPENDABLE:
        detail = f"quality rises and falls, and `{SPENDABLE}` are spent: name one of `scores`"
        yield mistake(located.values[SCORE], SCORE, detail)
    elif score not in declared:
        detail = f"there is no score `{score}`; {suggestion(score, declared)}"
        if not declared:
            detail = f"there is no score `{score}`: the programme declares no `scores`"
        yield mistake(located.values[SCORE], SCORE, detail)
