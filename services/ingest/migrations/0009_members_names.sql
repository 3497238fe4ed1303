set local lock_timeout = '5s';

-- By whom a member's name was said (0 others, 1 the member, 2 declared) and when: of two names, the greater in this
-- order is the one to show. What there was before gives way to the next that anybody says.
alter table members
    add column name_by smallint not null default 0,
    add column name_at timestamptz not null default 'epoch';
