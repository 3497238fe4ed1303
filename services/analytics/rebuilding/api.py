"""HTTP route of a rebuild, for operators."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.analytics.rebuilding.handlers.progress import find_progress
from services.analytics.settings import Settings
from shared.http import Conn, Principal, Scope, configured, problem_responses, requires

router = APIRouter(tags=["operations"])

OwnSettings = Annotated[Settings, configured(Settings)]
Operator = Annotated[Principal, requires(Scope.OPERATIONS_READ)]


class RebuildShown(BaseModel):
    """A rebuild of analytics beside the one that runs."""

    state: Literal["none", "stopped", "reading", "there"] = Field(
        description="None is under way; nobody reads for it; it reads; it is where the running one is"
    )
    records_read: int = Field(0, examples=[1_200_000])
    records_left: int = Field(0, examples=[300_000])
    records_per_second: float | None = Field(None, description="While it read last", examples=[2_400.0])
    seconds_left: float | None = Field(None, examples=[125.0])
    started_at: datetime | None = None


@router.get("/v1/rebuild", summary="How far a rebuild of analytics is", responses=problem_responses())
async def get_rebuild(principal: Operator, conn: Conn, settings: OwnSettings) -> RebuildShown:
    """What `plaudit rebuild status` says, without the topics; what decides are commands of PostgreSQL's owner."""
    found = await find_progress(conn, settings)
    if found is None:
        return RebuildShown(state="none")
    return RebuildShown(
        state="stopped" if not found.is_read else "there" if found.is_there else "reading",
        records_read=found.records_read,
        records_left=found.records_left,
        records_per_second=found.records_per_second,
        seconds_left=found.seconds_left,
        started_at=found.started_at,
    )
