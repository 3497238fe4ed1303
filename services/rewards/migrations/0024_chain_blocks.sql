set local lock_timeout = '5s';

-- What was booked and is in no block yet: a row for up to 500 transfers of an insert, added by the entries' own
-- trigger, so that nothing is booked beside the chain, and nobody who books waits for it.
create table entries_unchained (
    part bigint generated always as identity primary key,
    community text not null,
    recorded_at timestamptz not null,
    transfer_ids uuid[] not null,
    account_ids uuid[] not null
);
create index unchained_of_community on entries_unchained (community);

-- The chain of a community: each block names entries by their keys, and its hash is over them and the block before.
create table ledger_blocks (
    community text not null,
    number bigint not null check (number > 0),
    previous text not null,
    hash text not null,
    chained_at timestamptz not null,
    entries_count int not null check (entries_count > 0),
    transfer_ids uuid[] not null,
    account_ids uuid[] not null,
    primary key (community, number)
);
revoke update, delete, truncate on ledger_blocks from plaudit_rewards;
revoke update, truncate on entries_unchained from plaudit_rewards;

lock table entries in share row exclusive mode;

create or replace function check_entries() returns trigger language plpgsql as $$
declare
    wrong record;
begin
    select community, transfer_id, currency, sum(amount) as total into wrong
    from added group by community, transfer_id, currency having sum(amount) <> 0 limit 1;
    if found then
        raise exception 'entries of transfer % do not sum to zero: % %', wrong.transfer_id, wrong.total, wrong.currency
            using errcode = 'check_violation', table = 'entries', constraint = 'entries_sum_to_zero';
    end if;
    insert into entries_unchained (community, recorded_at, transfer_ids, account_ids)
    select community, min(recorded_at), array_agg(transfer_id), array_agg(account_id)
    from (select *, (dense_rank() over (order by transfer_id) - 1) / 500 as part from added) parts
    group by community, part;
    return null;
end
$$;

insert into entries_unchained (community, recorded_at, transfer_ids, account_ids)
select community, min(recorded_at), array_agg(transfer_id), array_agg(account_id)
from (
    select *, (dense_rank() over (order by recorded_at, transfer_id) - 1) / 500 as part
    from entries) parts
group by community, part order by part;
