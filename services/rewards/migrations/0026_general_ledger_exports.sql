set local lock_timeout = '5s';

-- Which account of finance's chart each of ours is, from a day on: proposed by one person, in force once another
-- approved it.
create table account_mappings (
    community text not null,
    mapping_id uuid not null,
    effective_from date not null,
    accounts jsonb not null,
    tax_rate text not null,
    state text not null check (state in ('proposed', 'approved', 'withdrawn')),
    proposed_at timestamptz not null,
    proposed_by_person uuid,
    proposed_by text not null,
    proposed_by_credential text not null,
    decided_at timestamptz,
    decided_by_person uuid,
    decided_by text,
    decided_by_credential text,
    primary key (community, mapping_id),
    check ((state = 'proposed') = (decided_at is null))
);
create index account_mappings_by_time on account_mappings (community, proposed_at, mapping_id);

-- Days that were handed to finance, once, by numbers without gaps; and the journal as it was then.
create table journal_exports (
    community text not null,
    number int not null check (number > 0),
    first_day date not null,
    last_day date not null check (last_day >= first_day),
    grain text not null check (grain in ('day', 'month')),
    tax_rate text not null,
    lines_count int not null,
    made_at timestamptz not null,
    made_by_person uuid,
    made_by text not null,
    made_by_credential text not null,
    primary key (community, number)
);
create table journal_export_lines (
    community text not null,
    number int not null,
    line int not null check (line > 0),
    day date not null,
    event text not null,
    account text not null,
    account_number text not null,
    currency text not null,
    amount bigint not null check (amount <> 0),
    primary key (community, number, line),
    foreign key (community, number) references journal_exports
);

revoke update, delete, truncate on account_mappings, journal_exports, journal_export_lines from plaudit_rewards;
grant update (state, decided_at, decided_by_person, decided_by, decided_by_credential)
    on account_mappings to plaudit_rewards;
