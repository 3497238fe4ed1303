"""Codes of vouchers: taken in, given, shown again, sealed anew, and forgotten with whom they were given to."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from services.rewards.catalogue.domain import RewardKind, UnknownCatalogueRewardError
from services.rewards.catalogue.store import lock_reward
from services.rewards.metrics import CODES_ADDED, CODES_GIVEN, CODES_UNREADABLE
from services.rewards.settings import Settings
from services.rewards.vouchers import store
from services.rewards.vouchers.domain import (
    CodeLine,
    CodesRefusedError,
    GivenCode,
    Imported,
    KeptCode,
    NewCode,
    NoCodeError,
    NoVoucherError,
    OpenedCode,
    TooManyCodesError,
    read_codes,
)
from services.rewards.vouchers.handlers.sealing import Sealer, sealer_of
from shared.audit import Did
from shared.csv_tables import TableFault
from shared.followed_communities import load_calendar
from shared.postgres import Connection
from shared.transaction import Transaction

#: Whoever finds none that is free waits so often for those that others are being given, which may come back.
_WAITS_MAX_COUNT = 50


async def import_codes(tx: Transaction[Settings], *, community: str, reward_id: str, text: str) -> Imported:
    """Take in the codes of a table, all or none; those that are there are not taken in again.

    Raises UnknownCatalogueRewardError, NoVoucherError, NoVoucherKeysError, CodesRefusedError with what is wrong
    line by line, and TooManyCodesError.
    """
    sealer = sealer_of(tx.settings.voucher_keys)
    sealer.key_id  # noqa: B018 -- it raises before anything is read
    # Of two who take in the same the second finds it there.
    reward = await lock_reward(tx.conn, community=community, reward_id=reward_id)
    if reward is None:
        raise UnknownCatalogueRewardError(reward_id)
    if reward.terms.kind is not RewardKind.VOUCHER:
        raise NoVoucherError(reward_id)
    calendar = await load_calendar(tx.conn, community=community)
    lines = read_codes(text, now=tx.now, start_of=calendar.start_of)
    known = await _known(tx.conn, lines, sealer=sealer, community=community)
    faults = [
        TableFault(line.line, "it is a code of another reward")
        for line in lines
        if line.line in known and known[line.line].reward_id != reward_id
    ]
    if faults:
        raise CodesRefusedError(faults)
    new = [_new(line, sealer=sealer, community=community) for line in lines if line.line not in known]
    left = await store.count_left(tx.conn, community=community, reward_id=reward_id, now=tx.now)
    if left + len(new) > tx.settings.voucher_codes_max_count:
        raise TooManyCodesError(tx.settings.voucher_codes_max_count)
    await store.add_codes(tx.conn, new, community=community, reward_id=reward_id, added_at=tx.now)
    # What was given before a restore, and is not in the backup, is its owner's again.
    returned = [
        (code, sealer.seal(line.secret, community=community, code_id=code.code_id))
        for line in lines
        if (code := known.get(line.line)) is not None and code.content is None and not code.is_forgotten
    ]
    await store.set_sealed(tx.conn, returned)
    CODES_ADDED.inc(len(new))
    imported = Imported(len(new), [line.line for line in lines if line.line in known], len(returned))
    said = {"added": len(new), "known": len(known), "returned": len(returned)}
    tx.did(Did("voucher.import", "voucher", reward_id, after=said))
    return imported


async def _known(
    conn: Connection, lines: Sequence[CodeLine], *, sealer: Sealer, community: str
) -> Mapping[int, KeptCode]:
    """The codes that are there already, by the lines that have them."""
    hashes = {line.line: sealer.hashes(line.secret, community=community) for line in lines}
    found = await store.load_by_hash(
        conn, [one for several in hashes.values() for one in several], community=community
    )
    return {line: found[one] for line, several in hashes.items() for one in several if one in found}


def _new(line: CodeLine, *, sealer: Sealer, community: str) -> NewCode:
    code_id = str(uuid4())
    return NewCode(code_id, sealer.seal(line.secret, community=community, code_id=code_id), line.expires_at)


async def take_code(tx: Transaction, *, community: str, reward_id: str, redemption_id: str) -> GivenCode | None:
    """Give the next code of a reward to a redemption, for good; None where there is none left.

    It is taken before the member's points are locked: whoever waits for a code holds nobody's points.
    """
    of = {"community": community, "reward_id": reward_id}
    for attempt in range(_WAITS_MAX_COUNT):
        given = await store.take_code(tx.conn, **of, redemption_id=redemption_id, now=tx.now, waits=attempt > 0)
        if given is not None:
            CODES_GIVEN.inc()
            return given
        if not await store.count_left(tx.conn, **of, now=tx.now):
            return None
    return None


async def open_code(conn: Connection, *, community: str, redemption_id: str, settings: Settings) -> OpenedCode:
    """The code that a redemption has. Raises NoCodeError, and NoVoucherKeysError."""
    found = await store.find_given(conn, community=community, redemption_id=redemption_id)
    if found is None:
        raise NoCodeError
    code, expires_at, given_at = found
    return OpenedCode(sealer_of(settings.voucher_keys).open(code), expires_at, given_at)


async def seal_anew(tx: Transaction[Settings]) -> None:
    """Timer: seal with the first key what another one sealed, so that the others can go."""
    sealer = sealer_of(tx.settings.voucher_keys)
    CODES_UNREADABLE.set(await store.count_sealed_otherwise(tx.conn, key_ids=sealer.key_ids))
    if not sealer.key_ids:
        return
    codes = await store.lock_sealed_by(tx.conn, sealer.key_ids[1:], limit=tx.settings.upkeep_max_count)
    anew = [
        (code, sealer.seal(sealer.open(code), community=code.community, code_id=code.code_id)) for code in codes
    ]
    await store.set_sealed(tx.conn, anew)
