"""The requests of Kafka's protocol that the client does not have, or has for one entry at a time or wrongly."""

from collections.abc import Sequence
from typing import Any

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1, DescribeAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)


class AlterScramResponse(Response):
    """AlterUserScramCredentials, version 0: what became of each user."""

    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterScramStruct(RequestStruct):
    """AlterUserScramCredentials, version 0 (KIP-554)."""

    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = AlterScramResponse
    SCHEMA = Schema(
        (
            "deletions",
            CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields)),
        ),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterScram(Request[AlterScramStruct]):
    """Makes, changes and deletes what users log in with."""

    API_KEY = 51

    def __init__(self, deletions: Sequence[tuple[Any, ...]], upsertions: Sequence[tuple[Any, ...]]) -> None:
        self._deletions, self._upsertions = list(deletions), list(upsertions)

    def build(self, request_struct_class: type[AlterScramStruct]) -> AlterScramStruct:
        """The request as it travels."""
        return request_struct_class(self._deletions, self._upsertions, {})


class CreateAcls(Request[CreateAclsRequest_v1]):
    """Adds many entries at once."""

    API_KEY = 30

    def __init__(self, creations: Sequence[tuple[Any, ...]]) -> None:
        self._creations = list(creations)

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        """The request as it travels."""
        return request_struct_class(self._creations)


class DeleteAcls(Request[DeleteAclsRequest_v1]):
    """Deletes what many filters match."""

    API_KEY = 31

    def __init__(self, filters: Sequence[tuple[Any, ...]]) -> None:
        self._filters = list(filters)

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        """The request as it travels."""
        return request_struct_class(self._filters)


class DescribeAcls(Request[DescribeAclsRequest_v1]):
    """Lists what a filter matches; the client would send version 2 in the form of version 1."""

    API_KEY = 29

    def __init__(self, *wanted: Any) -> None:
        self._wanted = wanted

    def build(self, request_struct_class: type[DescribeAclsRequest_v1]) -> DescribeAclsRequest_v1:
        """The request as it travels."""
        return request_struct_class(*self._wanted)
