set local lock_timeout = '5s';

lock table accounts, entries in share row exclusive mode;

-- What waits for a block does so for a second: to compress its ids took longer than to write them.
alter table entries_unchained
    alter column transfer_ids set storage external,
    alter column account_ids set storage external;

-- As before, but parts by the hash of the transfer, about 1,000 entries each: nothing is sorted for them. What is closed
-- is looked for by what was just noted, not by all entries again.
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
    with noted as (
        insert into entries_unchained (community, recorded_at, transfer_ids, account_ids)
        select community, min(recorded_at), array_agg(transfer_id), array_agg(account_id)
        from added cross join (select (count(*) + 999) / 1000 as count from added) parts
        group by community, (uuid_hash(transfer_id) & 2147483647) % parts.count
        returning community, recorded_at)
    select noted.community, closed.ends_at into wrong
    from noted
    cross join lateral (
        select max(p.ends_at) as ends_at from periods p
        where p.community = noted.community and p.state <> 'open') closed
    where noted.recorded_at < closed.ends_at limit 1;
    if found then
        raise exception 'the books of % are closed until %', wrong.community, wrong.ends_at
            using errcode = 'serialization_failure', table = 'entries', constraint = 'entries_not_in_closed_period';
    end if;
    return null;
end
$$;

-- As before, of all accounts that a statement declares at once: members who are new come by the hundred.
create or replace function note_debt() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'accounts' then
        insert into debt_accounts (community, account_id)
        select b.community, b.account_id from added a join balances b using (community, account_id)
        where a.kind = 'available' and a.currency = 'PTS' and b.amount < 0
        on conflict do nothing;
    else
        insert into debt_accounts (community, account_id)
        select a.community, a.account_id from accounts a
        where a.community = new.community and a.account_id = new.account_id
          and a.kind = 'available' and a.currency = 'PTS'
        on conflict do nothing;
    end if;
    return null;
end
$$;
drop trigger note_debt on accounts;
create trigger note_debt after insert on accounts
    referencing new table as added for each statement execute function note_debt();
