"""What the engine takes beside decoding the same events: `python -m bench.engine`, without a stack.

The engine is what decides: matching, candidates into awards and claims, and the room of claims; no database. Times
are of the processor, the best of several rounds in turn.
"""

import random
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import click
import orjson

from services.scoring.awards.domain.awards import make
from services.scoring.limits.domain.allotting import Window, give_room
from services.scoring.programmes.domain.reading import read_programme
from services.scoring.rules.domain.attributes import Known, MemberKey, Said
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.matching import match
from services.scoring.rules.domain.qualities import VALUES
from shared.contracts.facts import ACCEPTED_EVENT
from shared.contracts.programme import Programme

BATCH_COUNT = 2_000
ROUNDS_COUNT = 7
ENGINE_REACH = 2.5
RULES_REACH = 1.5
TRUST_REACH = 1.8

HEAD = "programme: engine\ntitle: Engine\nrules:\n"
TWO = """
  - {id: post, title: Wrote, on: [forum.post.v1], points: 5, when: data.length_chars >= 20}
  - {id: heard, title: Was reacted to, on: [chat.reaction.v1], to: object_author, points: 1, daily_cap: 100}
"""
OTHERS = (
    "forum.reply.v1", "forum.answer_accepted.v1", "social.share.v1", "chat.message.v1", "code.commit.v1",
    "code.issue.v1", "code.pull_request.v1", "code.review.v1", "code.release.v1", "support.ticket_resolved.v1",
    "in_person.check_in.v1", "survey.response.v1", "shop.purchase.v1", "kudos.given.v1", "member.joined.v1",
    "member.referred.v1", "content.read.v1", "idea.suggested.v1",
)  # fmt: skip
TWENTY = TWO + "".join(
    f"  - {{id: r{place}, title: R, on: [{kind}], points: 3, daily_cap: 30}}\n"
    for place, kind in enumerate(OTHERS)
)
RICH = """
  - id: post
    title: Wrote
    on: [forum.post.v1]
    points: 20
    when: data.length_chars >= 20
    points_by: {cel: data.length_chars / 50}
    multipliers: [{id: weekend, title: On weekends, when: 'event.time.getDayOfWeek() in [0, 6]', percent: 150}]
  - id: heard
    title: Was reacted to
    on: [chat.reaction.v1]
    to: object_author
    points: 4
    cooldown: {minutes: 1, per: pair}
    diminishing: {within: day, percents: [100, 50, 25]}
    also: [{to: actor, points: 1}]
"""
SHARED = """
  - {id: post, title: Wrote, on: [forum.post.v1], points: 5, when: data.length_chars >= 20}
  - id: heard
    title: Was reacted to
    on: [chat.reaction.v1]
    to: object_author
    points: 1
    limits: [{first: 1000000, per: everybody_and_object, within: ever}]
"""
JUDGED = """
  - {id: post, title: Wrote, on: [forum.post.v1], points: 5, when: data.length_chars >= 20}
  - id: heard
    title: Was reacted to
    on: [chat.reaction.v1]
    to: object_author
    points: 10
    points_by: {cel: 10.0 * judge_trust}
    daily_cap: 100
"""
TRUST = VALUES["judge_trust"]


def version_of(rules: str, sections: str = "") -> CompiledVersion:
    """A version with these rules."""
    programme = read_programme(HEAD.replace("rules:", f"{sections}rules:") + rules.lstrip("\n"))
    if not isinstance(programme, Programme):
        raise click.ClickException(str(programme))
    return compile_version(programme, 1, datetime(1970, 1, 1, tzinfo=UTC))


def events(*, objects_count: int) -> list[bytes]:
    """A batch of posts and reactions as they are in Kafka, in order of time; reactions on so many objects."""
    chance = random.Random(17)
    members = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(200)]
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    made = []
    for number in range(BATCH_COUNT):
        at = start + timedelta(seconds=number * 20)
        is_post = number % 2 == 0
        actor, author = chance.sample(members, 2)
        thing = f"t{chance.randrange(objects_count)}"
        made.append(
            {
                "specversion": "1.0",
                "id": f"e{number}",
                "source": "https://forum.example.org",
                "type": "forum.post.v1" if is_post else "chat.reaction.v1",
                "time": at,
                "community": "acme",
                "uid": str(uuid.UUID(int=chance.getrandbits(128))),
                "member": actor,
                **({} if is_post else {"objectmember": author}),
                "receivedat": at,
                "contenthash": f"{chance.getrandbits(128):032x}",
                "data": {"channel": "forum", "actor": {}}
                | ({"length_chars": chance.randrange(400), "object": {"id": f"p{number}"}} if is_post else {})
                | ({} if is_post else {"object": {"id": thing}, "emoji": "+1"}),
            }
        )
    return [orjson.dumps(one) for one in made]


def decode(values: Sequence[bytes]) -> list[Any]:
    """The events, as the consumer reads them."""
    return [ACCEPTED_EVENT.validate_json(value) for value in values]


def decide(version: CompiledVersion, batch: list[Any], known: Known = MappingProxyType({})) -> int:
    """Decide a batch with nothing before it; how many awards and claims there are."""
    made = make(match(batch, {"acme": [version]}, known=known).candidates, {})
    windows = {name: Window() for claim in made.claims for name in claim.windows}
    late = give_room(made.claims, windows)
    if late:
        raise click.ClickException("the events are in order, and some would have to be settled")
    return len(made.awards) + len(made.claims)


def best(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds an event of each, the best of several rounds in turn."""
    found = dict.fromkeys(work, float("inf"))
    for _ in range(ROUNDS_COUNT):
        for name, one in work.items():
            started = time.process_time()
            one()
            found[name] = min(found[name], (time.process_time() - started) / BATCH_COUNT * 1_000_000)
    return found


@click.command(help="Measure the engine beside decoding. Example: python -m bench.engine")
def main() -> None:
    """Print a line for each case, and whether it is within its reach."""
    spread, hot = events(objects_count=1_000), events(objects_count=1)
    batch, hot_batch = decode(spread), decode(hot)
    two, twenty, rich, shared = map(version_of, (TWO, TWENTY, RICH, SHARED))
    judged = version_of(JUDGED, "quality: {}\n")
    trust: Known = {
        MemberKey("acme", one["uid"]): {TRUST: [Said(one["time"], one["receivedat"], 0.7)]} for one in batch
    }
    took = best(
        {
            "decoding": lambda: decode(spread),
            "two rules": lambda: decide(two, batch),
            "twenty rules": lambda: decide(twenty, batch),
            "two rich rules, three beneficiaries": lambda: decide(rich, batch),
            "two rules, one by the trust in who judges": lambda: decide(judged, batch, trust),
            "room of everybody, spread over 1,000 objects": lambda: decide(shared, batch),
            "room of everybody, one hot object": lambda: decide(shared, hot_batch),
        }
    )
    for name, micros in took.items():
        click.echo(f"{name:48} {micros:6.1f} µs an event   {micros / took['decoding']:5.2f} x decoding")
    click.echo(
        f"engine with two rules / decoding   {took['two rules'] / took['decoding']:.2f} (at most {ENGINE_REACH})"
    )
    by_trust = took["two rules, one by the trust in who judges"] / took["two rules"]
    click.echo(f"one by trust / two rules   {by_trust:.2f} (at most {TRUST_REACH})")
    click.echo(f"twenty rules / two   {took['twenty rules'] / took['two rules']:.2f} (at most {RULES_REACH})")


if __name__ == "__main__":
    main()
