"""The section `guidelines`, which scoring reads: what members keep to, and what follows when they do not."""

from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fields import Language, Name, Slug, Text
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import RULE_POINTS_MAX, Section

CATEGORIES_MAX_COUNT = 30
STEPS_MAX_COUNT = 10
LABELS_MAX_COUNT = 20
LISTS_MAX_COUNT = 20
WORDS_MAX_COUNT = 300
SUSPENSION_MAX_DAYS = 1_096
#: What an award says in place of a rule, that takes points because a report was upheld.
PENALTY_RULE: Final = "guidelines-penalty"

CATEGORIES: Final = Ids(("guidelines", "categories"), "category")
IDS: Final = (CATEGORIES,)

Label = Annotated[str, StringConstraints(min_length=1, max_length=64)]
#: A word, or a few, in small letters: as a whole it is looked for, not within others.
ListedWord = Annotated[str, StringConstraints(min_length=2, max_length=60, pattern=r"^\S+( \S+)*$")]


class Category(Section):
    """Why something is reported. An upheld report takes `penalty_points`, and never more than there are."""

    id: Slug
    title: Name
    penalty_points: Annotated[int, Field(ge=0, le=RULE_POINTS_MAX)] = 0


class SuspensionStep(Section):
    """From the so manieth upheld report on within `repeat_within_days` a member is suspended for days."""

    from_upheld: Annotated[int, Field(ge=1, le=100)]
    days: Annotated[int, Field(ge=1, le=SUSPENSION_MAX_DAYS)]


class PlatformDecisions(Section):
    """Which decisions of platforms, as `moderation.decided.v1` names them, uphold a report or dismiss it."""

    upheld: Annotated[list[Label], Field(max_length=LABELS_MAX_COUNT)] = Field(default_factory=list)
    dismissed: Annotated[list[Label], Field(max_length=LABELS_MAX_COUNT)] = Field(default_factory=list)


class WordList(Section):
    """Words of a language that bring a text before a person, under a category. Nothing is taken away by them."""

    language: Language
    category: Slug
    words: Annotated[list[ListedWord], Field(min_length=1, max_length=WORDS_MAX_COUNT)]


class Guidelines(Section):
    """A version of the guidelines, by an address or as a text; and what follows when a report is upheld.

    `policy` is what events of acceptance call them. A report is to be decided within `decide_within_hours`, an
    appeal is made within `appeal_within_days` of the decision.
    """

    policy: Label = "guidelines"
    version: Label
    url: Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://\S+$")] | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] | None = None
    summary: Text = ""
    categories: Annotated[list[Category], Field(min_length=1, max_length=CATEGORIES_MAX_COUNT)]
    decide_within_hours: Annotated[int, Field(ge=1, le=8_760)] = 72
    appeal_within_days: Annotated[int, Field(ge=1, le=366)] = 14
    repeat_within_days: Annotated[int, Field(ge=1, le=3_660)] = 365
    suspensions: Annotated[list[SuspensionStep], Field(max_length=STEPS_MAX_COUNT)] = Field(default_factory=list)
    platform_decisions: PlatformDecisions = PlatformDecisions()
    words: Annotated[list[WordList], Field(max_length=LISTS_MAX_COUNT)] = Field(default_factory=list)

    @model_validator(mode="after")
    def it_is_somewhere_and_agrees_with_itself(self) -> Self:
        """Refuse guidelines that nobody can read, lists under no category, and a label that decides both ways.

        Raises PydanticCustomError.
        """
        if (self.url is None) == (self.text is None):
            raise PydanticCustomError("guidelines_nowhere", "guidelines have either a `url` or a `text`")
        known = {category.id for category in self.categories}
        for listed in self.words:
            if listed.category not in known:
                raise PydanticCustomError(
                    "list_without_category",
                    "a list of words is for the category `{id}`, which is not among the `categories`",
                    {"id": listed.category},
                )
        if set(self.platform_decisions.upheld) & set(self.platform_decisions.dismissed):
            raise PydanticCustomError(
                "label_both_ways", "a label of `platform_decisions` either upholds or dismisses"
            )
        steps = [step.from_upheld for step in self.suspensions]
        if steps != sorted(set(steps)):
            raise PydanticCustomError("steps_out_of_order", "`suspensions` go up by `from_upheld`, each once")
        return self

    def category(self, category_id: str | None) -> Category | None:
        """One of its categories."""
        return next((one for one in self.categories if one.id == category_id), None)

    def suspension_days(self, upheld_count: int) -> int:
        """For how many days a member is suspended whose so manieth report is upheld; 0 for none."""
        return max((step.days for step in self.suspensions if step.from_upheld <= upheld_count), default=0)
