"""What ingest's own errors become when they reach its API."""

from connectors.reading import ConnectorError
from services.ingest.access.keys import api as keys
from services.ingest.access.keys import domain as key_errors
from services.ingest.access.people import api as people
from services.ingest.access.people import domain as people_errors
from services.ingest.access.providers.domain import InvalidIdTokenError
from services.ingest.access.providers.handlers import NoProviderError, ProviderUnavailableError
from services.ingest.access.sign_ins import api as sign_ins
from services.ingest.access.sign_ins import domain as sign_in_errors
from services.ingest.access.ties import api as ties
from services.ingest.access.ties import domain as tie_errors
from services.ingest.access.token_keys.handlers import NoSigningKeyError
from services.ingest.attributes import api as attributes
from services.ingest.attributes.domain import TooManyFactsError, UndeclaredAttributeError
from services.ingest.checkins import api as checkins
from services.ingest.checkins import domain as checkins_errors
from services.ingest.communities.api.routes import (
    COMMUNITY_EXISTS,
    NOTHING_WAITS,
    POLICY_FOUR_EYES,
    PROPOSER_GONE,
    STALE_REVISION,
    TOO_MANY_CHANGES,
    UNKNOWN_COMMUNITY,
)
from services.ingest.communities.domain.communities import (
    CommunityExistsError,
    NothingWaitsError,
    PolicyFourEyesError,
    ProposerGoneError,
    StaleRevisionError,
    UnknownCommunityError,
)
from services.ingest.connectors.api import connections as connecting
from services.ingest.connectors.api import deliveries, door
from services.ingest.connectors.domain import connections as connection_errors
from services.ingest.connectors.domain import deliveries as delivery_errors
from services.ingest.decisions.api import problems as decisions
from services.ingest.erasure.api import UNDECIDED_POINTS
from services.ingest.erasure.domain import UndecidedError
from services.ingest.events.api import posting
from services.ingest.events.api.waiting import TooManyWaitingError
from services.ingest.events.domain import admission
from services.ingest.kudos import api as kudos
from services.ingest.kudos.domain import giving as kudos_errors
from services.ingest.measuring.api import UNKNOWN_TEXT
from services.ingest.measuring.domain.texts import UnknownTextError
from services.ingest.members.api import identities as members
from services.ingest.members.domain import UnknownMemberError
from services.ingest.merges import api as merges
from services.ingest.merges.domain import NotMergedError, SameMemberError, TooManyMergesError, UnknownIdentityError
from services.ingest.messages.api import problems as messages
from services.ingest.messages.domain import messages as message_errors
from services.ingest.messages.domain.templates import TemplateError
from services.ingest.messages.handlers.reaching import NotAnAddressError
from services.ingest.messages.handlers.rooms import NotARoomError
from services.ingest.metrics import REQUESTS_TOO_DEAR
from services.ingest.nominations.api import problems as nominations
from services.ingest.reactions.api import UNKNOWN_CELEBRATION
from services.ingest.reactions.domain import UnknownCelebrationError
from services.ingest.recipients.api import ERRORS as RECIPIENT_ERRORS
from services.ingest.refused.domain import NotWholeError, UnknownRefusedError
from services.ingest.replays import api as replays
from services.ingest.replays.handlers import StillRefusedError
from services.ingest.suggesting import api as suggesting
from services.ingest.surveys import api as surveys
from services.ingest.surveys import domain as survey_errors
from services.ingest.webhooks import api as webhooks
from services.ingest.webhooks import domain as webhook_errors
from shared.access_keys import INSTALLATION_ROLES, SCOPES, OtherCommunityError
from shared.calendars import TooManyChangesError
from shared.contracts.facts.people import TIES_MAX_COUNT
from shared.http import ErrorTable, FieldError, Problem, ProblemType
from shared.http.problem_types import (
    DISABLED_PERSON,
    INVALID_REQUEST,
    MALFORMED_JSON,
    NOT_AVAILABLE,
    OTHER_COMMUNITY,
    UNKNOWN_IDENTITY,
    UNKNOWN_MEMBER,
    UNSUPPORTED_CONTENT_TYPE,
)
from shared.http.problems import ERRORS_MAX_COUNT
from shared.webhooks import NotOpenedError, RefusedAddressError

SOON = {"Retry-After": "1"}
IN_A_MINUTE = {"Retry-After": "60"}


def _of_field(kind: ProblemType, field: str, detail: str) -> Problem:
    return Problem(kind, detail, [FieldError(field=field, detail=detail)])


def _too_dear(error: admission.TooDearError) -> Problem:
    REQUESTS_TOO_DEAR.inc()
    return Problem(posting.TOO_DEAR, str(error))


def _nothing_admitted(error: admission.NothingAdmittedError) -> Problem:
    errors = [
        FieldError(index=refusal.index, field=refusal.field, detail=refusal.detail) for refusal in error.refusals
    ]
    return Problem(posting.NO_VALID_EVENT, "Nothing was taken; see errors", errors, headers=_kept_under(error))


def _kept_under(error: admission.RefusedWholeError) -> dict[str, str]:
    return {} if error.receipt_id is None else {"Location": f"/v1/receipts/{error.receipt_id}"}


ERRORS: ErrorTable = {
    **RECIPIENT_ERRORS,
    admission.UnsupportedTypeError: lambda error: Problem(
        UNSUPPORTED_CONTENT_TYPE,
        f"Got {error}; send {admission.BATCH_TYPE}, {admission.STRUCTURED_TYPE} or {admission.JSON_TYPE}, "
        "in UTF-8",
        headers=_kept_under(error),
    ),
    admission.MalformedError: lambda error: Problem(MALFORMED_JSON, str(error), headers=_kept_under(error)),
    admission.TooManyEventsError: lambda error: Problem(
        posting.TOO_MANY_EVENTS, f"Got {error}; send smaller batches"
    ),
    admission.TooDearError: _too_dear,
    admission.EmptyBatchError: lambda _: Problem(posting.EMPTY_BATCH, "Send at least one event"),
    admission.NothingAdmittedError: _nothing_admitted,
    admission.EarliestYearError: lambda error: _of_field(
        INVALID_REQUEST, admission.EARLIEST_YEAR_HEADER, str(error)
    ),
    TooManyWaitingError: lambda _: Problem(
        posting.TOO_MANY_REQUESTS, "Nothing was taken; try again", headers=SOON
    ),
    posting.NotAcknowledgedError: lambda _: Problem(
        NOT_AVAILABLE,
        "The broker does not acknowledge. Send the same events again: those that were taken count once",
        headers=SOON,
    ),
    SameMemberError: lambda error: Problem(
        merges.SAME_MEMBER,
        f"Nothing was done: {error}, and GET /v1/members/{{member_id}}/merged lists who is merged",
    ),
    NotMergedError: lambda error: Problem(
        merges.NOT_MERGED, f"{error}; GET /v1/members/{error.head_id}/merged lists who is"
    ),
    TooManyMergesError: lambda error: Problem(merges.TOO_MANY_MERGES, f"Nothing was done: {error}"),
    UnknownIdentityError: lambda _: _of_field(
        UNKNOWN_IDENTITY, "/member_id", "It is seen in events, or declared by PUT /v1/members/identities"
    ),
    **members.REFUSALS,
    UndecidedError: lambda _: Problem(
        UNDECIDED_POINTS,
        "Nothing was done. `GET /v1/members/{member_id}/open` at rewards says what there is: say by `points` that "
        "it is forfeited, or that there is nothing",
    ),
    UndeclaredAttributeError: attributes.undeclared,
    TooManyFactsError: lambda error: Problem(attributes.TOO_MANY_FACTS, str(error)),
    kudos_errors.NoKudosError: lambda _: Problem(
        kudos.NO_KUDOS, "Nothing was done. A programme has them in its section `recognition`, as `kudos`"
    ),
    kudos_errors.UnknownValueError: lambda error: Problem(
        kudos.UNKNOWN_VALUE, f"Nothing was done. It has {', '.join(error.known) or 'none: leave it out'}"
    ),
    kudos_errors.OwnKudosError: lambda _: Problem(kudos.OWN_KUDOS, "Nothing was done: thanks are for another"),
    kudos_errors.NoGiverError: lambda _: Problem(
        UNKNOWN_MEMBER, "Nothing was done: whoever is to give it is nobody here, was forgotten, or is no person"
    ),
    kudos_errors.NoReceiverError: lambda _: Problem(
        UNKNOWN_MEMBER, "Nothing was done: whom it is for is nobody here, was forgotten, or is no person"
    ),
    kudos_errors.KudosClosedError: lambda error: Problem(
        kudos.KUDOS_CLOSED, f"Nothing was done. Whoever has one of these levels may: {', '.join(error.titles)}"
    ),
    kudos_errors.AllowanceSpentError: lambda error: Problem(kudos.ALLOWANCE_SPENT, f"Nothing was done: {error}"),
    kudos_errors.UnknownKudosError: lambda _: Problem(
        kudos.UNKNOWN_KUDOS,
        "Nothing was done. GET /v1/kudos has those there are; one's own, given here, one takes back",
    ),
    **decisions.REFUSALS,
    **nominations.REFUSALS,
    **suggesting.REFUSALS,
    survey_errors.SurveyClosedError: lambda _: Problem(
        surveys.SURVEY_CLOSED, "Nothing was done: its time is over"
    ),
    survey_errors.AnsweredError: lambda _: Problem(
        surveys.SURVEY_ANSWERED,
        "Nothing was done: what is anonymous is answered once, all else ten times at most",
    ),
    survey_errors.NotAnAnswerError: lambda error: Problem(
        INVALID_REQUEST, "Nothing was done", [FieldError(field=error.field, detail=str(error))]
    ),
    UnknownCelebrationError: lambda _: Problem(
        UNKNOWN_CELEBRATION, "Nothing was done. GET /v1/celebrations of recognition has those there are"
    ),
    checkins_errors.UnknownOccasionError: lambda _: Problem(
        checkins.UNKNOWN_OCCASION, "GET /v1/occasions lists them"
    ),
    checkins_errors.TooManyOccasionsError: lambda _: Problem(
        checkins.TOO_MANY_OCCASIONS, "A community has at most 200 that are not over"
    ),
    checkins_errors.UnusableCodeError: lambda _: Problem(
        checkins.UNUSABLE_CODE, "Scan the code that is shown where you are"
    ),
    checkins_errors.ExpiredCodeError: lambda _: Problem(checkins.EXPIRED_CODE, "Scan the one that is shown now"),
    checkins_errors.NotOpenError: lambda error: Problem(checkins.NOT_OPEN, f"It takes {error}"),
    checkins_errors.FullError: lambda error: Problem(checkins.OCCASION_FULL, str(error)),
    checkins_errors.UntrustedListError: lambda _: Problem(
        checkins.UNTRUSTED_LIST,
        "Nothing was done. PUT /v1/occasions/{occasion_id}/device-key says whose lists are taken",
    ),
    checkins_errors.NotAListError: lambda error: Problem(checkins.NOT_A_LIST, f"Nothing was done: {error}"),
    checkins_errors.TooLateError: lambda error: Problem(checkins.LIST_TOO_LATE, f"Nothing was done: {error}"),
    connection_errors.ForgedDeliveryError: lambda _: Problem(
        door.REFUSED_DELIVERY, "Whoever connected the platform sees why: GET /v1/connectors/{name}"
    ),
    connection_errors.UnknownConnectionError: lambda _: Problem(
        connecting.UNKNOWN_CONNECTION, "GET /v1/connectors lists them"
    ),
    connection_errors.ConnectionExistsError: lambda _: _of_field(
        connecting.CONNECTION_EXISTS, "/name", "Take another name, change it by PATCH, or remove it first"
    ),
    connection_errors.TooManyConnectionsError: lambda error: Problem(
        connecting.TOO_MANY_CONNECTIONS, f"{error}; DELETE /v1/connectors/{{name}} removes one"
    ),
    connection_errors.UnknownConnectorError: lambda error: _of_field(
        connecting.UNKNOWN_CONNECTOR, "/connector", str(error)
    ),
    connection_errors.UndeclaredSettingError: lambda error: _of_field(
        INVALID_REQUEST, f"/settings/{error.name}", str(error)
    ),
    connection_errors.UnusableSecretError: lambda error: _of_field(
        connecting.UNUSABLE_SECRET, "/secret", str(error)
    ),
    connection_errors.NotSetUpError: lambda _: Problem(
        connecting.CONNECTING_NOT_SET_UP,
        "Its secret is kept sealed, and ingest has no key for that: PLAUDIT_TEXT_KEYS",
    ),
    ConnectorError: lambda error: Problem(
        connecting.NOT_A_CONNECTOR,
        "Nothing was done; `plaudit connector test FILE` says the same",
        [
            FieldError(field=mistake.field, detail=mistake.detail, line=mistake.line, column=mistake.column)
            for mistake in error.mistakes[:ERRORS_MAX_COUNT]
        ],
    ),
    delivery_errors.UnknownDeliveryError: lambda _: Problem(
        deliveries.UNKNOWN_DELIVERY, "GET /v1/connectors/{name}/deliveries lists them"
    ),
    delivery_errors.NotReplayableError: lambda error: Problem(
        deliveries.NOT_REPLAYABLE, f"Nothing was done: {error}"
    ),
    webhook_errors.UnknownEndpointError: lambda _: Problem(
        webhooks.UNKNOWN_ENDPOINT, "GET /v1/webhook-endpoints lists those that there are"
    ),
    webhook_errors.EndpointExistsError: lambda _: _of_field(
        webhooks.ENDPOINT_EXISTS, "name", "Choose another name, or change the one that there is by PATCH"
    ),
    webhook_errors.TooManyEndpointsError: lambda error: Problem(
        webhooks.TOO_MANY_ENDPOINTS, f"{error}: remove one, or give one more types"
    ),
    webhook_errors.UnknownTypeError: lambda error: _of_field(webhooks.UNKNOWN_FACT_TYPE, "types", str(error)),
    webhook_errors.NotTheirTypesError: lambda error: _of_field(webhooks.NOT_THEIR_TYPES, "types", str(error)),
    webhook_errors.NotSetUpError: lambda _: Problem(
        webhooks.WEBHOOKS_NOT_SET_UP, "Every service needs webhook_keys: `plaudit secrets` makes them"
    ),
    NotOpenedError: lambda error: Problem(webhooks.WEBHOOKS_NOT_SET_UP, f"Nothing was done: {error}"),
    RefusedAddressError: lambda error: _of_field(webhooks.ADDRESS_REFUSED, "url", str(error)),
    UnknownRefusedError: lambda error: Problem(
        replays.UNKNOWN_REFUSED, f"{error}; GET /v1/refused-events lists what is kept"
    ),
    NotWholeError: lambda _: Problem(
        replays.NOT_WHOLE,
        "Nothing was done: say by `event` what is to be sent, or have its platform send it again",
    ),
    StillRefusedError: lambda error: Problem(
        replays.STILL_REFUSED,
        "Nothing was done; see errors",
        [FieldError(field=f"/event{one.field}", detail=one.detail) for one in error.reasons],
    ),
    UnknownTextError: lambda error: Problem(
        UNKNOWN_TEXT, f"{error}: texts are kept as long as their community says"
    ),
    UnknownMemberError: lambda error: Problem(UNKNOWN_MEMBER, f"{error}; GET /v1/members lists them"),
    people_errors.UnknownPersonError: lambda error: Problem(
        people.UNKNOWN_PERSON, f"GET /v1/communities/{error.community}/people lists them"
    ),
    OtherCommunityError: lambda error: Problem(OTHER_COMMUNITY, str(error)),
    people_errors.OwnRolesError: lambda _: Problem(people.OWN_ROLES, "Another administrator does that"),
    tie_errors.MemberTakenError: lambda error: Problem(
        ties.MEMBER_TAKEN, f"They are the person {error.person_id}: untie these first, where that was wrong"
    ),
    tie_errors.TooManyTiesError: lambda _: Problem(
        ties.TOO_MANY_TIES, f"{TIES_MAX_COUNT} at most; merge the members where they are one person"
    ),
    people_errors.NotARoleHereError: lambda error: _of_field(
        people.NOT_A_ROLE_HERE, "/roles", f"{error}; there are {', '.join(sorted(INSTALLATION_ROLES))}"
    ),
    sign_in_errors.UnknownIdentityError: lambda _: Problem(
        UNKNOWN_IDENTITY, "It is seen in events, or declared by PUT /v1/members/identities"
    ),
    sign_in_errors.UnknownLinkError: lambda _: Problem(sign_ins.UNKNOWN_LINK, "Ask for a new one"),
    sign_in_errors.UsedLinkError: lambda _: Problem(sign_ins.USED_LINK, "Each signs in once: ask for a new one"),
    sign_in_errors.ExpiredLinkError: lambda _: Problem(sign_ins.EXPIRED_LINK, "Ask for a new one"),
    sign_in_errors.UnknownRenewalError: lambda _: Problem(sign_ins.UNKNOWN_RENEWAL, "Sign in again"),
    sign_in_errors.WithdrawnLinkError: lambda _: Problem(
        sign_ins.WITHDRAWN_LINK, "Who made it may make none any more: ask somebody else for a new one"
    ),
    sign_in_errors.UnknownSubjectError: lambda _: Problem(
        sign_ins.UNKNOWN_SUBJECT, "An administrator of the community adds people, with the email of the provider"
    ),
    sign_in_errors.DisabledPersonError: lambda _: Problem(DISABLED_PERSON, "Until they are enabled"),
    sign_in_errors.TooManyLinksError: lambda _: Problem(
        sign_ins.TOO_MANY_LINKS, "Try again in a minute, or use one that was made", headers=IN_A_MINUTE
    ),
    sign_in_errors.TooManyTriesError: lambda _: Problem(
        sign_ins.TOO_MANY_TRIES, "Too many from this address let nobody in", headers=IN_A_MINUTE
    ),
    InvalidIdTokenError: lambda error: Problem(sign_ins.INVALID_ID_TOKEN, str(error)),
    NoProviderError: lambda _: Problem(sign_ins.SIGN_IN_NOT_SET_UP, "PLAUDIT_OIDC_ISSUER says which provider"),
    NoSigningKeyError: lambda _: Problem(
        sign_ins.SIGN_IN_NOT_SET_UP, "Ingest has no PLAUDIT_SIGNING_KEY, from which the keys of tokens follow"
    ),
    ProviderUnavailableError: lambda error: Problem(
        sign_ins.PROVIDER_UNAVAILABLE, f"Try again in a while: {error}", headers=IN_A_MINUTE
    ),
    key_errors.UnknownKeyError: lambda error: Problem(
        keys.UNKNOWN_KEY, f"GET /v1/communities/{error.community}/keys lists them"
    ),
    key_errors.UnknownScopesError: lambda error: _of_field(
        keys.UNKNOWN_SCOPE, "/scopes", f"unknown: {error}; there are {', '.join(SCOPES)}"
    ),
    key_errors.NotTheirScopesError: lambda error: _of_field(
        keys.NOT_THEIR_SCOPES,
        "/scopes",
        f"not theirs: {error}; their roles give {', '.join(error.theirs) or 'none'}",
    ),
    key_errors.PublishableAloneError: lambda _: _of_field(
        keys.PUBLISHABLE_ALONE, "/scopes", "Anybody may see a key with public:read: make another for the rest"
    ),
    key_errors.NotTheFirstKeyError: lambda _: Problem(
        keys.NOT_THE_FIRST_KEY, "The person has had a key: an administrator issues others, with a key of their own"
    ),
    key_errors.NotUsableKeyError: lambda _: Problem(
        keys.NOT_USABLE_KEY, "It was revoked or has expired: issue a new one"
    ),
    key_errors.EndsBeforeItBeginsError: lambda _: _of_field(
        INVALID_REQUEST, "/expires_at", "It lies in the past: the key would never work"
    ),
    key_errors.EndsTooLateError: lambda _: _of_field(
        INVALID_REQUEST,
        "/expires_at",
        f"It is more than {key_errors.LASTS_MAX_DAYS} days ahead: leave it out, and it ends when it is revoked",
    ),
    UnknownCommunityError: lambda error: Problem(
        UNKNOWN_COMMUNITY, f"Nobody declared {error.community}: POST /v1/communities, or `plaudit community add`"
    ),
    CommunityExistsError: lambda error: Problem(
        COMMUNITY_EXISTS, f"{error}: PATCH /v1/communities/{error.community} changes it"
    ),
    StaleRevisionError: lambda error: Problem(
        STALE_REVISION, f"{error}: GET /v1/communities/{error.community}, and change what it is now"
    ),
    NothingWaitsError: lambda _: Problem(
        NOTHING_WAITS, "`proposed_policy` of GET /v1/communities/{community} says what does"
    ),
    PolicyFourEyesError: lambda _: Problem(
        POLICY_FOUR_EYES, "You asked for it, by whatever key or token: another administrator must approve it"
    ),
    ProposerGoneError: lambda error: Problem(PROPOSER_GONE, f"{error}: withdraw it, and ask anew"),
    TooManyChangesError: lambda error: Problem(TOO_MANY_CHANGES, str(error)),
    message_errors.UnknownKindError: lambda error: Problem(messages.UNKNOWN_KIND, str(error)),
    TemplateError: lambda error: _of_field(messages.UNUSABLE_TEMPLATE, f"/{error.field}", str(error)),
    message_errors.SettingsStaleError: lambda error: Problem(
        messages.STALE_SETTINGS, f"{error}: GET /v1/messages/settings, and change what they are now"
    ),
    message_errors.NotSetUpError: lambda error: Problem(messages.MESSAGES_NOT_SET_UP, str(error)),
    NotARoomError: lambda error: _of_field(messages.NOT_A_ROOM, "/url", str(error)),
    NotAnAddressError: lambda _: _of_field(messages.NOT_AN_ADDRESS, "/address", "It is no mail address"),
    message_errors.NoAddressError: lambda _: Problem(
        messages.NO_ADDRESS, "PUT /v1/members/{member_id}/messaging/address says one"
    ),
    message_errors.UnknownMessageError: lambda _: Problem(messages.UNKNOWN_MESSAGE, "GET /v1/messages lists them"),
    message_errors.NotAgainError: lambda error: Problem(messages.NOT_AGAIN, str(error)),
    message_errors.UnknownRecipientError: lambda _: Problem(
        messages.UNKNOWN_RECIPIENT, "It was forgotten, or its day has come"
    ),
    message_errors.NotABounceError: lambda _: Problem(
        messages.NOT_A_BOUNCE, "Hand in the whole message that came back, with its multipart/report"
    ),
    message_errors.NoTokenError: lambda _: Problem(
        messages.UNUSABLE_LINK, "Sign in, and say there what you want to hear of"
    ),
}
