"""What is measured of a text where it comes in, and travels instead of it."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.fields import Count, Language, Slug

#: What a text comes to: `undecided` where nothing speaks, or as much for as against; `left_out` where the model
#: does not know the language, or nothing says which it is.
Tone = Literal["positive", "negative", "undecided", "left_out"]


class Measures(TypedDict):
    """What a text is like: its length, the links in it, its language, and its sentiment from -1 to 1.

    `language` is the one that the platform says or that its words tell, left out where neither does. `sentiment`
    is there unless the `tone` is left_out. `model` is who measured, with its version: sentiments of two models or
    two languages are not to be compared.
    """

    length_chars: Count
    links_count: Count
    language: NotRequired[Language]
    tone: Tone
    sentiment: NotRequired[Annotated[float, Field(ge=-1, le=1)]]
    model: Slug
