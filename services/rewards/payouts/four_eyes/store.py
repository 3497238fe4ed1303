"""The hands in a run, by what its rows and those of its members say."""

from collections.abc import Collection, Sequence

from services.rewards.payouts.domain import OUTCOMES_GIVING_BACK
from services.rewards.payouts.four_eyes.domain import Deed, Hand
from shared.postgres import Connection

#: Payouts of which the points have gone, or are on their way.
_STANDING = ("submitted", "sent", "settled", "corrected")


async def load_hands(conn: Connection, *, community: str, run_id: str) -> list[Hand]:
    """Who made a run, and who had a hand in what can be approved of it: each person and deed once.

    Holds: whoever released one since the member was last paid; what is on file: whoever attested something since.
    Bank details: whoever ever gave the account that is paid, and whoever changed them since they were copied. What
    came back: whoever noted that of a member's payout after the last one was made that did not come back. Compared
    are when the one was decided, taken while runs were locked, and when the making of the other began: so points
    that are payable again are found whichever came first. Of before there are no outcomes of two: the change
    counts. Of an outcome that a restore has forgotten its change says who proposed it.
    """
    rows = await conn.fetch(
        """
        with eligible as (
            select * from payouts where community = $1 and run_id = $2 and state = 'eligible'),
        heads as (
            select p.payout_id, p.member_id, coalesce(h.head_id, p.member_id) as head_id
            from eligible p left join merges h on h.community = $1 and h.member_id = p.member_id),
        persons as (
            select payout_id, member_id, head_id as person_id from heads
            union
            select h.payout_id, h.member_id, g.member_id
            from heads h join merges g on g.community = $1 and g.head_id = h.head_id),
        hands as (
            select r.created_by_person as person_id, r.created_by as credential, $3 as deed,
                   null::uuid as payout_id
            from payout_runs r where r.community = $1 and r.run_id = $2
            union all
            select c.changed_by_person, c.changed_by, $4, p.payout_id
            from eligible p join payee_changes c using (community, member_id)
            where p.receiver_id is null and (c.iban = p.iban or c.revision >= coalesce(p.payee_revision, 1))
            union all
            select c.changed_by_person, c.changed_by, $4, p.payout_id
            from eligible p join payee_receivers c using (community, member_id)
            where c.receiver_id = p.receiver_id
                or p.receiver_id is not null and c.revision >= coalesce(p.payee_revision, 1)
            union all
            select c.changed_by_person, c.changed_by, $5, p.payout_id
            from eligible p
            join payout_changes h using (community, payout_id)
            join payout_changes c using (community, payout_id)
            where h.state = 'held' and c.state = 'eligible'
            union all
            select h.released_by_person, h.released_by, $5, p.payout_id
            from eligible p
            join payout_holds h on h.community = p.community and h.member_id = any(array(
                select p.member_id union all
                select g.member_id from merges g where g.community = p.community and g.head_id = p.member_id))
            where h.released_at >= coalesce(
                (select max(w.created_at) from payouts w
                 where w.community = p.community and w.member_id = p.member_id and w.state = any($9)),
                '-infinity')
            union all
            select t.noted_by_person, t.noted_by, $6, p.payout_id
            from persons p
            join payee_attestations t on t.community = $1 and t.member_id = p.person_id and t.withdrawn_at is null
            where t.noted_at >= coalesce(
                (select max(w.created_at) from payouts w
                 where w.community = $1 and w.member_id = p.member_id and w.state = any($9)),
                '-infinity')
            union all
            select coalesce(c.proposed_by_person, o.proposed_by_person, c.changed_by_person),
                   coalesce(o.proposed_by, c.changed_by), $7,
                   p.payout_id
            from eligible p
            join payouts b on b.community = p.community and b.member_id = p.member_id and b.state = any($8)
            join payout_changes c on c.community = b.community and c.payout_id = b.payout_id and c.state = b.state
            left join payout_outcomes o on o.community = c.community and o.outcome_id = c.outcome_id
            where exists (
                select from payout_changes s
                where s.community = b.community and s.payout_id = b.payout_id and s.state = 'submitted')
              -- What its provider says is nobody's hand: no credential of a person begins so.
              and not starts_with(c.changed_by, 'provider:')
              and coalesce(o.decided_at, c.changed_at) >= coalesce(
                  (select max(w.created_at) from payouts w
                   where w.community = p.community and w.member_id = p.member_id and w.state = any($9)),
                  '-infinity'))
        select coalesce(h.person_id, k.person_id) as person_id, min(h.credential) as credential, h.deed,
               count(distinct h.payout_id) as payouts, min(h.payout_id::text) as payout_id
        from hands h
        left join access_keys k on k.community = $1 and k.key_id = h.credential
        group by 1, 3, case when coalesce(h.person_id, k.person_id) is null then h.credential end
        order by 3, 1, 2
        """,
        community,
        run_id,
        *Deed,
        OUTCOMES_GIVING_BACK,
        _STANDING,
    )
    return [
        Hand(
            str(row["person_id"]) if row["person_id"] else None,
            row["credential"],
            Deed(row["deed"]),
            row["payouts"],
            row["payout_id"],
        )
        for row in rows
    ]


async def find_own_payout(
    conn: Connection,
    *,
    community: str,
    members: Collection[str],
    run_id: str,
    only: Sequence[str] | None = None,
) -> str | None:
    """A payout of a run, or of those of it that are named, to one of these members; None for none."""
    if not members:
        return None
    found = await conn.fetchval(
        """
        select payout_id from payouts
        where community = $1 and member_id = any($2::text[]::uuid[]) and run_id = $3
            and (payout_id = any($4::text[]::uuid[]) or $4 is null and state not in ('held', 'failed'))
        order by 1 limit 1
        """,
        community,
        list(members),
        run_id,
        None if only is None else list(only),
    )
    return None if found is None else str(found)
