"""What a badge is called, looks like and asks for, as routes answer it."""

from typing import Self

from pydantic import BaseModel, Field

from services.recognition.badges.domain.art import DEFAULT, GLYPHS, SHAPES
from services.recognition.thresholds.domain import NO_READS, ThresholdKey, criterion_of
from shared.contracts.programme import Badge, Colour, Counted, Glyph, Recognition, Shape

#: Words of what is asked for, as `GET /v1/badges/{badge_id}` tells them.
Holders = dict[ThresholdKey, int]


class ArtShown(BaseModel):
    """How a badge is drawn where it has no picture."""

    shape: Shape
    colour: Colour
    glyph: Glyph
    paths: list[str] = Field(
        description="Both as paths of an SVG in a square of 64: one filled faintly and outlined, one outlined",
        examples=[["M32 4a28 28 0 1 1 0 56Z", "M20 33l8 8 16-18"]],
    )


class TierShown(BaseModel):
    """A level of a badge, and how many members hold it."""

    name: str = Field(examples=["gold"])
    title: str = Field(examples=["Gold"])
    at_least: int = Field(examples=[100])
    colour: Colour
    holders: int


def _titles(badge: Badge, recognition: Recognition) -> dict[str, str]:
    criterion = criterion_of(badge)
    reads = NO_READS if criterion is None else criterion.reads
    streaks = {f"streak:{one.id}": one.title for one in recognition.streaks if one.id in reads.streaks}
    return streaks | {f"quest:{one.id}": one.title for one in recognition.quests if one.id in reads.quests}


class BadgeHolders(BaseModel):
    """A badge of the programme in force, and how many members hold it."""

    name: str = Field(examples=["first-answer"])
    title: str
    description: str
    rule: str | None = Field(description="The rule of which is counted; null when points are, or several things")
    count: Counted | None = Field(description="What is counted of the rule: events that meet it, or its awards")
    at_least: int | None = Field(description="Null for one with tiers, with a condition, or that is given by hand")
    tiers: list[TierShown] = Field(description="Lowest first; whoever holds one holds those below it")
    when: str | None = Field(description="What has to be so, where several things are asked for")
    measure: str | None = Field(description="What comes to the number that is counted, where that is no one thing")
    parts: list[str] = Field(description="Of `when` the things that must all be so", examples=[["points >= 100"]])
    titles: dict[str, str] = Field(
        description="What streaks and quests that it asks for are called, each by its kind and id",
        examples=[{"streak:daily": "Every day"}],
    )
    by_hand: bool = Field(description="Whether people give it")
    secret: bool = Field(description="Whether only who holds it knows of it")
    limited_to: int | None = Field(description="How many there are, each with a number")
    given: int = Field(description="How many of these are somebody's")
    art: ArtShown
    picture: str | None = Field(description="What names the picture that was uploaded; null where it is drawn")
    holders: int

    @classmethod
    def of(
        cls, badge: Badge, *, recognition: Recognition, holders: Holders, given: int, picture: str | None
    ) -> Self:
        """What is shown of a badge; one with tiers is held by whoever holds the lowest."""
        art = badge.art or DEFAULT
        criterion = criterion_of(badge) if badge.when else None
        keys = [ThresholdKey.of_badge(badge.id, tier_id) for tier_id, _, _ in badge.steps]
        return cls(
            name=badge.id,
            title=badge.title,
            description=badge.description,
            rule=badge.rule,
            count=badge.counted,
            at_least=badge.at_least,
            tiers=[
                TierShown(
                    name=tier.id,
                    title=tier.title,
                    at_least=tier.at_least,
                    colour=tier.colour or art.colour,
                    holders=max(0, holders.get(ThresholdKey.of_badge(badge.id, tier.id), 0)),
                )
                for tier in badge.tiers or ()
            ],
            when=badge.when,
            measure=badge.measure,
            parts=[] if criterion is None else [part.text for part in criterion.parts],
            titles=_titles(badge, recognition),
            by_hand=bool(badge.by_hand),
            secret=bool(badge.secret),
            limited_to=badge.limited_to,
            given=given,
            art=ArtShown(
                shape=art.shape,
                colour=art.colour,
                glyph=art.glyph,
                paths=[SHAPES[art.shape], GLYPHS[art.glyph]],
            ),
            picture=picture,
            holders=max(0, holders.get(keys[0], 0)),
        )
