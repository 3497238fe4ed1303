set local lock_timeout = '5s';

-- Who was erased, and whether their points are given up; `done_at` is null while something is left to do.
create table erased_members (
    community text not null,
    member_id uuid not null,
    forfeits boolean not null,
    erased_at timestamptz not null,
    looked_at timestamptz,
    done_at timestamptz,
    primary key (community, member_id)
);
create index erased_members_to_look_after on erased_members (looked_at) where done_at is null;

-- Bank details are only added to, but for who was erased: of them all go, once no run asks for them any more.
create function erase_payee(text, uuid) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (
        delete from public.payee_changes c
        using public.followed_members m
        where c.community = $1 and c.member_id = $2
          and m.community = $1 and m.member_id = $2 and m.is_erased
          and not exists (
              select from public.payouts p join public.payout_runs r using (community, run_id)
              where p.community = $1 and p.member_id = $2 and r.state not in ('filed', 'cancelled'))
        returning 1)
    select count(*) from gone
$$;
revoke execute on function erase_payee(text, uuid) from public;
grant execute on function erase_payee(text, uuid) to plaudit_rewards;
