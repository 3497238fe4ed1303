set local lock_timeout = '5s';

-- Available points that went below zero, so that who owes something is found without reading every balance. A timer takes
-- those out that do not any more.
create table debt_accounts (
    community text not null,
    account_id uuid not null,
    primary key (community, account_id)
);
insert into debt_accounts (community, account_id)
select a.community, a.account_id from accounts a join balances b using (community, account_id)
where a.kind = 'available' and a.currency = 'PTS' and b.amount < 0;

-- An account is declared after its first balance, and may begin below zero.
create function note_debt() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'accounts' then
        insert into debt_accounts (community, account_id)
        select b.community, b.account_id from balances b
        where b.community = new.community and b.account_id = new.account_id and b.amount < 0
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
create trigger note_debt after update on balances
    for each row when (new.amount < 0 and old.amount >= 0) execute function note_debt();
create trigger note_debt after insert on accounts
    for each row when (new.kind = 'available' and new.currency = 'PTS') execute function note_debt();
