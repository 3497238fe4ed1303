set local lock_timeout = '5s';

-- Payouts that a booking which nobody could match resembles: found as its file is imported, of which no name is kept.
alter table bank_lines
    add column alike_by_id uuid[] not null default '{}',
    add column alike_by_account uuid[] not null default '{}',
    add column alike_by_name uuid[] not null default '{}';
