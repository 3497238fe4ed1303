set local lock_timeout = '5s';

-- A sanctions list as it was loaded: by one person, in force from when another approved it, until the next is.
create table sanctions_lists (
    community text not null,
    list_id uuid not null,
    title text not null,
    sha256 text not null,
    entries_count int not null check (entries_count > 0),
    state text not null check (state in ('proposed', 'approved', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    proposed_by_credential text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    decided_by_credential text,
    -- The payout after which looking at those on their way goes on, when it was this list's turn, and when all were.
    looked_after uuid,
    turn_at timestamptz,
    looked_at timestamptz,
    primary key (community, list_id),
    check ((state = 'proposed') = (decided_at is null))
);
create index sanctions_lists_by_time on sanctions_lists (community, proposed_at, list_id);
create index sanctions_lists_in_force on sanctions_lists (community, decided_at desc, list_id desc)
    where state = 'approved';
create index sanctions_lists_to_look on sanctions_lists (turn_at) where state = 'approved' and looked_at is null;

create table sanctions_entries (
    community text not null,
    list_id uuid not null,
    line int not null,
    entry_id text not null,
    name text not null,
    birth_date text,
    country text,
    primary key (community, list_id, line),
    foreign key (community, list_id) references sanctions_lists
);
create index sanctions_entries_by_id on sanctions_entries (community, list_id, entry_id);

-- Each two words of a name, or its only one: of the list in force, and of those that wait.
create table sanctions_keys (
    community text not null,
    list_id uuid not null,
    key text not null,
    line int not null,
    -- Of how many keys its name has this is one.
    keys_count int not null check (keys_count > 0),
    primary key (community, list_id, key, line)
);

-- What was found by a list is found without a policy, too.
alter table payout_findings
    drop constraint payout_findings_check_name_check,
    add constraint payout_findings_check_name_check
        check (check_name in ('country', 'yearly_stop', 'yearly_warning', 'shared_account', 'sanctions_list')),
    alter column policy_id drop not null,
    add column list_id uuid,
    add column entry_ids text[];
grant update (list_id, entry_ids) on payout_findings to plaudit_rewards;

-- Those that a new list is looked at for.
create index payouts_before_the_bank on payouts (community, payout_id)
    where state in ('held', 'eligible', 'approved', 'reserved');

revoke update, delete, truncate on sanctions_lists from plaudit_rewards;
revoke update, truncate on sanctions_entries, sanctions_keys from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential, looked_after, turn_at, looked_at)
    on sanctions_lists to plaudit_rewards;
