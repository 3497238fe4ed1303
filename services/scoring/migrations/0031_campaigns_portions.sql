set local lock_timeout = '5s';

-- What a budget is handed out in, so that batches side by side need not wait for one another: a batch spends of a portion
-- that no other has locked. `version` is that of the programme by which it was handed out, and 0 while the books alone
-- decide; it changes only under the lock of the books. `last_day` is the last that something was given on from it.
create table campaign_portions (
    community text not null,
    campaign_id text not null,
    portion smallint not null check (portion between 0 and 15),
    version int not null default 0 check (version >= 0),
    last_day date,
    primary key (community, campaign_id, portion)
) with (fillfactor = 70);

-- By portion, too: what was spent from it, which is below 0 where more was given back; and `room`, what may still be
-- spent from it without asking the books, in a part that has a budget.
alter table campaign_spent
    add column portion smallint not null default 0,
    add column room bigint not null default 0 check (room >= 0),
    drop constraint campaign_spent_points_check,
    drop constraint campaign_spent_pkey,
    add primary key (community, campaign_id, part, portion);
