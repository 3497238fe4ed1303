"""HTTP routes that verifiers ask, without a credential: an issuer's keys, and what it revoked."""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from services.recognition.credentials import store
from services.recognition.credentials.api.problems import CREDENTIALS_NOT_SET_UP, UNKNOWN_CREDENTIAL
from services.recognition.credentials.domain import UnknownCredentialError
from services.recognition.credentials.handlers import taking
from services.recognition.credentials.handlers.issuers import place_of
from shared.access_keys.public import VISITOR_PREFIX
from shared.contracts.fields import Slug
from shared.http import Conn, problem_responses
from shared.http.auth import count_visit
from shared.http.problem_types import TOO_MANY_READS
from shared.open_badges.keys import did_document

KEPT_SECONDS = 300
LIST_MEDIA_TYPE = "application/vc+jwt"
HEADERS = {"cache-control": f"public, max-age={KEPT_SECONDS}", "x-content-type-options": "nosniff"}

router = APIRouter(tags=["recognition"])


async def _visited(request: Request, community: Slug) -> str:
    count_visit(request, f"{VISITOR_PREFIX}{community}")
    return community


#: Counted before a connection is taken: nobody has to show anything here.
Visited = Annotated[str, Depends(_visited)]


class DidDocument(BaseModel):
    """Who an issuer is: the keys that verify what it signed (did:web)."""

    model_config = ConfigDict(populate_by_name=True)

    context: list[str] = Field(alias="@context", examples=[["https://www.w3.org/ns/did/v1"]])
    id: str = Field(examples=["did:web:api.example.org:v1:credentials:acme"])
    verification_method: list[dict[str, str]] = Field(alias="verificationMethod")
    assertion_method: list[str] = Field(alias="assertionMethod")


@router.get(
    "/v1/credentials/{community}/did.json",
    summary="An issuer's keys",
    response_model=DidDocument,
    responses=problem_responses(UNKNOWN_CREDENTIAL, CREDENTIALS_NOT_SET_UP, TOO_MANY_READS),
)
async def get_did_document(community: Visited, request: Request, conn: Conn) -> Any:
    """Without a credential. Keys of before are in it too: what they signed stays valid."""
    keys = await store.load_keys(conn, community=community)
    if not keys:
        raise UnknownCredentialError
    did = place_of(request.app.state.connected.settings, community).did
    document = did_document(did, [key.found for key in keys])
    return Response(orjson.dumps(document), media_type="application/json", headers=HEADERS)


@router.get(
    "/v1/credentials/{community}/status/{list_no}",
    summary="Which badges an issuer revoked",
    response_class=Response,
    responses={
        200: {"content": {LIST_MEDIA_TYPE: {}}, "description": "A BitstringStatusListCredential as a VC-JWT"},
        **problem_responses(UNKNOWN_CREDENTIAL, CREDENTIALS_NOT_SET_UP, TOO_MANY_READS),
    },
)
async def get_status_list(
    community: Visited,
    request: Request,
    conn: Conn,
    list_no: Annotated[int, Path(ge=1, le=1_000_000, description="Which list, from 1")],
) -> Response:
    """Without a credential. It says of 131,072 places which are valid, and of none whose it is."""
    token = await taking.status_list(
        conn,
        community=community,
        list_no=list_no,
        settings=request.app.state.connected.settings,
        now=datetime.now(UTC),
    )
    return Response(token, media_type=LIST_MEDIA_TYPE, headers=HEADERS)
