"""HTTP routes of who a community is as an issuer of badges, and of its keys."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.requests import Request

from services.recognition.credentials import store
from services.recognition.credentials.api.problems import (
    CREDENTIALS_NOT_SET_UP,
    ISSUER_KEYS_ENOUGH,
    UNKNOWN_ISSUER_KEY,
)
from services.recognition.credentials.domain import (
    DESCRIPTION_MAX_CHARS,
    NAME_MAX_CHARS,
    Issuer,
    Place,
    SealedKey,
)
from services.recognition.credentials.handlers import issuers as handlers
from shared.http import Conn, Moment, Principal, RequestBody, Scope, Tx, problem_responses, requires

router = APIRouter(tags=["recognition"])
Manager = Annotated[Principal, requires(Scope.RECOGNITION_WRITE)]


class IssuerSaid(RequestBody):
    """Who a community says that it is, to whoever looks at a badge of its members."""

    name: str = Field(min_length=1, max_length=NAME_MAX_CHARS, pattern=r"\S", examples=["Acme's users"])
    url: str | None = Field(
        None, max_length=500, pattern=r"^https://[!-~]+$", examples=["https://community.example.org"]
    )
    email: str | None = Field(None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$", examples=["badges@example.org"])
    description: str | None = Field(None, max_length=DESCRIPTION_MAX_CHARS, examples=["We build lathes"])


class IssuerKey(BaseModel):
    """A key of an issuer: it signs while it is the newest, and verifies for ever."""

    name: str = Field(
        description="As signatures name it, behind the did",
        examples=["z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"],
    )
    made_at: datetime
    is_signing: bool
    stolen_since: datetime | None = Field(
        description="From then on what it signed does not count: somebody else has it, too; null while all does"
    )


class IssuerShown(BaseModel):
    """Who a community is as an issuer; without a name while it has not said so, and nothing is signed."""

    did: str = Field(examples=["did:web:api.example.org:v1:credentials:acme"])
    name: str | None = Field(examples=["Acme's users"])
    url: str | None
    email: str | None
    description: str | None
    keys: list[IssuerKey] = Field(description="The newest first")

    @classmethod
    def of(cls, issuer: Issuer | None, *, place: Place, keys: list[SealedKey]) -> Self:
        """What is shown of an issuer."""
        said = issuer or Issuer("")
        return cls(
            did=place.did,
            name=said.name or None,
            url=said.url,
            email=said.email,
            description=said.description,
            keys=[
                IssuerKey(
                    name=key.name,
                    made_at=key.made_at,
                    is_signing=number == 0 and key.stolen_since is None,
                    stolen_since=key.stolen_since,
                )
                for number, key in enumerate(keys)
            ],
        )


@router.get(
    "/v1/credential-issuer",
    summary="Who the community is as an issuer of badges",
    responses=problem_responses(CREDENTIALS_NOT_SET_UP),
)
async def get_credential_issuer(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ)], request: Request, conn: Conn
) -> IssuerShown:
    """What every badge that a member takes away says of it, and the keys that sign."""
    place = handlers.place_of(request.app.state.connected.settings, principal.community)
    issuer = await store.find_issuer(conn, community=principal.community)
    keys = await store.load_keys(conn, community=principal.community)
    return IssuerShown.of(issuer, place=place, keys=keys)


@router.put(
    "/v1/credential-issuer",
    summary="Say who the community is as an issuer of badges",
    responses=problem_responses(CREDENTIALS_NOT_SET_UP),
)
async def put_credential_issuer(principal: Manager, tx: Tx, said: IssuerSaid) -> IssuerShown:
    """From then on members take badges away. The first time a key is made."""
    issuer = Issuer(said.name.strip(), said.url, said.email, said.description)
    keys = await handlers.put_issuer(tx, issuer, community=principal.community)
    return IssuerShown.of(issuer, place=handlers.place_of(tx.settings, principal.community), keys=keys)


@router.post(
    "/v1/credential-issuer/rotate-key",
    summary="Sign badges with a new key",
    responses=problem_responses(CREDENTIALS_NOT_SET_UP, ISSUER_KEYS_ENOUGH),
)
async def rotate_credential_key(principal: Manager, tx: Tx) -> IssuerShown:
    """What the keys before signed stays valid: they are published for ever, and sign nothing more."""
    keys = await handlers.rotate_key(tx, community=principal.community)
    issuer = await store.find_issuer(tx.conn, community=principal.community)
    return IssuerShown.of(issuer, place=handlers.place_of(tx.settings, principal.community), keys=keys)


class StolenKey(RequestBody):
    """Since when a key is somebody else's, too."""

    since: Moment | None = Field(
        None,
        description="What it signed from then on does not count; null: nothing that it ever signed",
        examples=["2026-03-01T08:00:00Z"],
    )


@router.post(
    "/v1/credential-issuer/keys/{key_name}/stolen",
    summary="Say that a key was stolen",
    responses=problem_responses(CREDENTIALS_NOT_SET_UP, UNKNOWN_ISSUER_KEY),
)
async def declare_key_stolen(
    principal: Manager,
    tx: Tx,
    key_name: Annotated[
        str,
        Path(
            pattern=r"^z[1-9A-HJ-NP-Za-km-z]{10,100}$",
            description="As signatures name it, behind the did",
            examples=["z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"],
        ),
    ],
    said: StolenKey,
) -> IssuerShown:
    """It cannot be taken back, and said again the earlier moment holds. A key that signs is replaced at once.

    Whoever has the key writes what time they like into what they sign: name a moment only where you are sure that
    nothing of before is theirs. Members take their badges away again, signed by the new key.
    """
    keys = await handlers.declare_stolen(tx, community=principal.community, key_name=key_name, since=said.since)
    issuer = await store.find_issuer(tx.conn, community=principal.community)
    return IssuerShown.of(issuer, place=handlers.place_of(tx.settings, principal.community), keys=keys)
