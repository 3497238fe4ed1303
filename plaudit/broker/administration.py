"""Users and their rights at the broker, set by its administrator."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code

from plaudit.broker.protocol import AlterScram, CreateAcls, DeleteAcls, DescribeAcls
from plaudit.broker.rights import Operation, Pattern, Resource, Right
from shared.broker import Broker

SCRAM_SHA_512 = 2
#: RFC 5802 has the iterations slow guessing down; these passwords are 192 random bits, and nobody guesses those.
ITERATIONS_COUNT = 4096
SALT_BYTES = 24
KNOWN_SECONDS = 30.0
POLL_SECONDS = 0.05
ANY, ALLOW = 1, 3
ANY_HOST = "*"
USER = "User:"


@asynccontextmanager
async def administering(broker: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    """A client that is logged in as the broker's administrator. Raises KafkaError when it cannot be."""
    admin = AIOKafkaAdminClient(**broker.options)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def set_passwords(admin: AIOKafkaAdminClient, passwords: Mapping[str, str]) -> None:
    """Make users, or give those that are there another password (SCRAM-SHA-512). Raises KafkaError."""
    upsertions: list[tuple[Any, ...]] = []
    for user, password in passwords.items():
        salt = os.urandom(SALT_BYTES)
        salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS_COUNT)
        upsertions.append((user, SCRAM_SHA_512, ITERATIONS_COUNT, salt, salted, {}))
    await _alter_scram(admin, AlterScram([], upsertions))


async def until_known(broker: Broker) -> None:
    """Return once the broker lets its user in: what was set is known there a moment later. Raises TimeoutError."""
    async with asyncio.timeout(KNOWN_SECONDS):
        while True:
            with contextlib.suppress(KafkaError):
                async with administering(broker):
                    return
            await asyncio.sleep(POLL_SECONDS)


async def delete_user(admin: AIOKafkaAdminClient, user: str) -> None:
    """Let a user log in no more, and take its rights. Raises KafkaError, also when there is no such user."""
    await _alter_scram(admin, AlterScram([(user, SCRAM_SHA_512, {})], []))
    await _delete_rights(admin, await rights_of(admin, [user]))


async def set_rights(admin: AIOKafkaAdminClient, users: Collection[str], rights: Collection[Right]) -> None:
    """Give these users these rights and take all others from them; nobody else's are touched.

    Returns once the broker goes by them. Raises KafkaError.
    """
    there = await rights_of(admin, users)
    missing = sorted(set(rights) - there)
    if missing:
        answer = await _ask(admin, CreateAcls([_entry(one) for one in missing]))
        for code, message in answer.creation_responses:
            _raise_for(code, message)
    await _delete_rights(admin, there - set(rights))
    async with asyncio.timeout(KNOWN_SECONDS):
        while await rights_of(admin, users) != set(rights):  # noqa: ASYNC110 -- the broker tells nobody
            await asyncio.sleep(POLL_SECONDS)


async def rights_of(admin: AIOKafkaAdminClient, users: Collection[str] | None = None) -> set[Right]:
    """The rights of users, or of all, as the broker has them; kinds that are none of ours are left out."""
    answer = await _ask(admin, DescribeAcls(ANY, None, ANY, None, None, ANY, ANY))
    _raise_for(answer.error_code, answer.error_message)
    found = set()
    for resource, name, pattern, entries in answer.resources:
        for principal, host, operation, permission in entries:
            user = principal.removeprefix(USER)
            if host != ANY_HOST or permission != ALLOW or (users is not None and user not in users):
                continue
            try:
                found.add(Right(user, Operation(operation), Resource(resource), name, Pattern(pattern)))
            except ValueError:
                continue
    return found


async def _delete_rights(admin: AIOKafkaAdminClient, rights: Collection[Right]) -> None:
    if not rights:
        return
    answer = await _ask(admin, DeleteAcls([_entry(one) for one in sorted(rights)]))
    for code, message, _ in answer.filter_responses:
        _raise_for(code, message)


def _entry(right: Right) -> tuple[Any, ...]:
    principal = USER + right.user
    return right.resource, right.name, right.pattern, principal, ANY_HOST, right.operation, ALLOW


async def _alter_scram(admin: AIOKafkaAdminClient, request: AlterScram) -> None:
    answer = await _ask(admin, request)
    for user, code, message, _ in answer.results:
        _raise_for(code, f"user {user}: {message}")


async def _ask(admin: AIOKafkaAdminClient, request: Any) -> Any:
    # The client keeps what it has for its own requests to itself.
    return await admin._send_request_to_node(admin._client.get_random_node(), request)


def _raise_for(code: int, message: str | None) -> None:
    if code:
        error = for_code(code)
        raise error(message) if issubclass(error, KafkaError) else KafkaError(message)
