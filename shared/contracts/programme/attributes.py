"""The section `attributes`, which ingest reads: what may be known of members beside their names."""

from typing import Final, Literal

from shared.contracts.fields import AttributeName, Name
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import Section

ATTRIBUTES_MAX_COUNT = 50

ATTRIBUTES: Final = Ids(("attributes",), "attribute")
IDS: Final = (ATTRIBUTES,)


class Attribute(Section):
    """Something that is known of members, each value from a moment on.

    What is `for_rules`, or not `personal`, is told to every service; all else stays at ingest. Conditions of rules
    read what is `for_rules`, as `member` and its id.
    """

    id: AttributeName
    title: Name
    type: Literal["text", "number", "boolean"] = "text"
    for_rules: bool = False
    personal: bool = True
