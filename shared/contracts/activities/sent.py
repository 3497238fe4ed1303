"""Fields as platforms send them: what can be put right is put right, what cannot be meant is refused.

What is plain already, as nearly all is, pydantic sees alone; anything else costs a call of Python. The published
schemas say what a field is once it has been put right.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import regex
from pydantic import AwareDatetime, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, PydanticOmit, core_schema

from shared.contracts.fields import (
    ID_MAX_CHARS,
    NAME_MAX_CHARS,
    TEXT_MAX_CHARS,
    URI_MAX_CHARS,
    Id,
    Name,
    Text,
    Uri,
)
from shared.contracts.identities import HOST_MAX_CHARS, Host
from shared.contracts.texts import hides_something, if_text, label, plain_id, plain_source, shown_name

#: Letters, digits and signs of which no spelling has to be put right: those of many languages, not of all.
_LETTERS = (
    "!-~\u00a1-\u00ac\u00ae-\u02ff\u0388-\u03ff\u0400-\u0482\u048a-\u052f\u05d0-\u05ea\u0621-\u064a"
    "\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U0001f300-\U0001f64f\U0001f680-\U0001f6ff"
)
PLAIN = rf"^[{_LETTERS}](?:[ {_LETTERS}]*[{_LETTERS}])?$"
#: What a source may be of: names, and places that a source is found at, that of the importers included.
SOURCE_SCHEMES = ("csv", "file", "git", "github", "http", "https", "mailto", "simulated", "tag", "urn")
_SEGMENT = r"[A-Za-z0-9._~!$&'()*+,;=:@-]"
#: Most sources: a place of the web whose host is a name, an URN, or a path; none ends with a slash.
PLAIN_SOURCE = (
    rf"^(?:https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[1-9][0-9]{{0,3}})?(?:(?:/{_SEGMENT}*)*{_SEGMENT})?"
    rf"|urn:[a-z0-9][a-z0-9-]{{1,30}}:(?:{_SEGMENT}|/)*{_SEGMENT}|/{_SEGMENT}+(?:/{_SEGMENT}+)*)$"
)
#: Most hosts: a name in small letters.
PLAIN_HOST = r"^[a-z0-9](?:[a-z0-9]|[.-][a-z0-9])*$"
#: Of addresses that are plain none begins with d, j or v: these may be scripts.
PLAIN_ADDRESS = r"^[A-CE-IK-UW-Za-ce-ik-uw-z0-9/._~-][!-~]*$"

_SCRIPT = re.compile(r"(javascript|vbscript|data):", re.IGNORECASE)
#: RFC 3986's characters and RFC 3987's beyond ASCII. https://www.rfc-editor.org/rfc/rfc3986#appendix-A
_REFERENCE = regex.compile(
    r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2}"
    r"|[^\x00-\x7f\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800])+"
)
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(?::[0-9]*)?")
_AS_IT_IS, _PUT_RIGHT = "as it is", "put right"  # which way of a field an error is of


@dataclass(frozen=True)
class PutRight:
    """Takes text that is `plain` as it is, and anything else as `repair` leaves it, by the field's own rules."""

    plain: str
    max_chars: int
    repair: Callable[[Any], Any]
    #: What is taken, as a JSON Schema, where that is more than the field's own.
    taken: Mapping[str, Any] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Two ways, tried in this order; a way that is not needed costs nothing."""
        plain = core_schema.str_schema(min_length=1, max_length=self.max_chars, pattern=self.plain)
        repaired = core_schema.no_info_before_validator_function(self.repair, handler(source))
        return core_schema.union_schema([(plain, _AS_IT_IS), (repaired, _PUT_RIGHT)], mode="left_to_right")

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Mapping[str, Any]:
        """What is taken."""
        return handler(schema["choices"][1][0]) if self.taken is None else dict(self.taken)


class Fault(NamedTuple):
    """What is wrong with an activity at one place: the names and indexes that lead there, and why.

    It `is_unknown` where there is something that no contract names; the reader says which name may be meant.
    """

    place: tuple[str | int, ...]
    detail: str
    is_unknown: bool = False


def faults(error: ValidationError, *, is_chosen_by_type: bool = True) -> list[Fault]:
    """What pydantic found wrong with an activity, at the sender's places; of a field's two ways, by the second.

    Where the contract `is_chosen_by_type`, the first part of a place is that type.
    """
    found = []
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        place, is_unknown = one["loc"][is_chosen_by_type:], one["type"] == "extra_forbidden"
        way = place[-1] if place and not is_unknown else None
        if way != _AS_IT_IS:
            detail = "is missing" if one["type"] == "missing" else one["msg"]
            found.append(Fault(place[:-1] if way == _PUT_RIGHT else place, detail, is_unknown))
    return found


def _name(value: Any) -> str:
    name = shown_name(value) if isinstance(value, str) else None
    if name is None:
        raise PydanticOmit
    return name


def _text(value: Any) -> Any:
    return value.replace("\x00", "")[:TEXT_MAX_CHARS] if isinstance(value, str) else value


def _source(text: str) -> str:
    """A URI reference by RFC 3986: a URI of a known scheme, or a path and nothing else."""
    if not text:
        return text
    text = plain_source(text)
    if _REFERENCE.fullmatch(text) is None:
        raise PydanticCustomError(
            "uri_reference", "should be a URI, such as https://forum.example.org: no blanks, nothing invisible"
        )
    try:
        parts = urlsplit(text)
        _ = parts.port  # looked at only when it is asked for
    except ValueError as error:
        raise _no_source(f"its host or port is none ({error})") from None
    if parts.scheme and parts.scheme not in SOURCE_SCHEMES:
        raise PydanticCustomError(
            "uri_scheme",
            "should not be of the scheme {scheme}; there are {known}, and paths",
            {"scheme": parts.scheme, "known": ", ".join(SOURCE_SCHEMES)},
        )
    if fault := _fault_of_source(text, parts):
        raise _no_source(fault)
    return text


def _fault_of_source(text: str, parts: SplitResult) -> str | None:
    """What is wrong with a source beside its characters and its scheme."""
    after_scheme = text[len(parts.scheme) + 1 :] if parts.scheme else text
    beside_host = after_scheme.replace(parts.netloc, "", 1)
    is_path = not (text.startswith("//") or "?" in text or "#" in text)
    faults = {
        "without a scheme it is a path, with no host, query or fragment": not (parts.scheme or is_path),
        "what stands before its first colon is no scheme": not parts.scheme and ":" in text.split("/", 1)[0],
        "no name or password belongs before its host": "@" in parts.netloc,
        "brackets stand around the number of a host alone": not _HOST_AND_PORT.fullmatch(parts.netloc)
        or not {"[", "]"}.isdisjoint(beside_host),
        "it has no host": parts.scheme in ("http", "https") and not parts.hostname,
        "it has two fragments": "#" in parts.fragment,
        "it says nothing but its scheme": not after_scheme,
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


def _no_source(fault: str) -> PydanticCustomError:
    said = "should be a URI, such as https://forum.example.org: {fault}"
    return PydanticCustomError("uri_reference", said, {"fault": fault})


def _address(text: str) -> str:
    if not text:
        return text
    text = text.strip()
    if not label(text) or hides_something(text):
        raise PydanticCustomError("uri", "should be a URI with nothing invisible in it")
    _refuse_script(text)
    return text


def _refuse_script(text: str) -> None:
    found = _SCRIPT.match(text)
    if found is not None:
        raise PydanticCustomError(
            "uri_scheme", "should not be of the scheme {scheme}", {"scheme": found[1].lower()}
        )


class _WrittenOut:
    """A moment as RFC 3339 writes it. Bare digits would be taken for seconds or milliseconds, as they come."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Text in JSON, a datetime in Python."""
        text = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=r"^[0-9]{4}-"),
            custom_error_type="moment",
            custom_error_message="Input should be a valid datetime with a time zone, as in 2026-01-31T12:00:00Z",
        )
        moment = core_schema.datetime_schema(tz_constraint="aware", strict=False)
        return core_schema.json_or_python_schema(core_schema.chain_schema([text, moment]), handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Mapping[str, Any]:
        """That of a datetime."""
        return handler(schema["python_schema"])


class _Json:
    """A media type of JSON, with parameters or without."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The field's own rules, with what they mean in words."""
        return core_schema.custom_error_schema(
            handler(source),
            custom_error_type="media_type_of_json",
            custom_error_message="Input should be a media type of JSON, such as application/json",
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> Mapping[str, Any]:
        """In words: schemas of JSON have no pattern in which case does not count."""
        return {"type": "string", "description": "A media type of JSON", "examples": ["application/json"]}


_MEDIA = "[A-Za-z0-9!#$&^_.+-]+"

#: An id is compared: one spelling of each.
SentId = Annotated[Id, PutRight(PLAIN, ID_MAX_CHARS, if_text(plain_id))]
#: A name is shown: no event is lost for one. What cannot be shown is left out.
SentName = Annotated[
    Name,
    PutRight(PLAIN, NAME_MAX_CHARS, _name, {"description": "A name to show; left out when nothing can be shown"}),
]
#: What somebody wrote: no event is lost for its length. What is longer is cut, and NUL is left out.
SentText = Annotated[
    Text,
    PutRight(
        r"^[^\x00]*$",
        TEXT_MAX_CHARS,
        _text,
        {"type": "string", "description": f"Of more than {TEXT_MAX_CHARS} characters the first"},
    ),
]
#: A word of the platform's, such as what was done.
SentLabel = Annotated[
    Name,
    PutRight(
        PLAIN, NAME_MAX_CHARS, if_text(label), {"type": "string", "minLength": 1, "maxLength": NAME_MAX_CHARS}
    ),
]
#: What an event is known by, beside its id: a URI reference, the same with and without a slash at its end.
SentSource = Annotated[Uri, PutRight(PLAIN_SOURCE, URI_MAX_CHARS, if_text(_source))]
#: Where something is to be seen.
SentUri = Annotated[Uri, PutRight(PLAIN_ADDRESS, URI_MAX_CHARS, if_text(_address))]
#: Where a channel is: a host, whatever its case.
SentHost = Annotated[Host, PutRight(PLAIN_HOST, HOST_MAX_CHARS, if_text(str.lower))]
SentTime = Annotated[AwareDatetime, _WrittenOut()]
JsonType = Annotated[
    str,
    StringConstraints(max_length=1_000, pattern=rf"^{_MEDIA}/({_MEDIA}\+)?[jJ][sS][oO][nN][ \t]*(;.*)?$"),
    _Json(),
]
