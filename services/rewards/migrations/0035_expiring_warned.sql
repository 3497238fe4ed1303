set local lock_timeout = '5s';

-- Whether a member was written to before the points of a lot expire, so that each lot is looked at once.
alter table lots add column is_warned boolean not null default false;
create index unwarned_lots on lots (community, expires_at)
    where expires_at is not null and remaining > 0 and not is_warned;
