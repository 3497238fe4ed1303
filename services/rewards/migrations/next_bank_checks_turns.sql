set local lock_timeout = '5s';

-- When a community has its next turn, and how far its round of today has come: null once that is done.
alter table bank_check_progress
    add column next_at timestamptz not null default '1970-01-01 00:00Z',
    add column round_until date;
create index bank_check_progress_due on bank_check_progress (next_at, community);
