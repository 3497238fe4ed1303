"""HTTP route of what gives points now: what a community may show to everybody of its programme."""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.scoring.programmes.domain.publication import succession
from services.scoring.programmes.store import versions
from shared.contracts.programme import Programme
from shared.contracts.programme.rules import Rule, Slot
from shared.http import Conn, Principal, Public, Scope, problem_responses, requires
from shared.http.problem_types import TOO_MANY_READS

router = APIRouter()


class PublicRule(BaseModel):
    """What gives points, without its conditions and limits, which tell how to get points for nothing."""

    rule_id: str = Field(examples=["helpful-answer"])
    title: str = Field(examples=["Helped somebody"])
    on: list[str] = Field(description="Types of events", examples=[["forum.answer_accepted.v1"]])
    points: int = Field(examples=[15])
    to: Slot = Field(description="Who gets them")

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """The rule as everybody may see it."""
        return cls(rule_id=rule.id, title=rule.title, on=list(rule.on), points=rule.points, to=rule.to)


class PublicRules(BaseModel):
    """The rules in force; a programme's limits bound the list."""

    programme_version: int = Field(description="0 while no programme is in force")
    title: str | None = Field(description="The programme's", examples=["Starter"])
    rules: list[PublicRule]


@router.get("/v1/rules", summary="What gives points now", responses=problem_responses(TOO_MANY_READS))
async def get_rules(
    principal: Annotated[Principal, requires(Scope.PROGRAMMES_READ, public=Public.PROGRAMME)], conn: Conn
) -> PublicRules:
    """Of the version that applies to events received now."""
    starts = succession(await versions.load_starts(conn, community=principal.community))
    now = datetime.now(UTC)
    in_force = next((start.number for start in reversed(starts) if start.effective_from <= now), 0)
    documents = await versions.load_documents(conn, community=principal.community, numbers=[in_force])
    if in_force not in documents:
        return PublicRules(programme_version=0, title=None, rules=[])
    programme = Programme.model_validate(documents[in_force])
    rules = [PublicRule.of(rule) for rule in programme.rules]
    return PublicRules(programme_version=in_force, title=programme.title, rules=rules)
