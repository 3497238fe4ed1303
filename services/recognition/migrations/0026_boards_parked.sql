set local lock_timeout = '5s';

-- When a parked award is looked at next: the longer it waits for its event, the less often.
alter table board_parked add column look_at timestamptz not null default now();
