set local lock_timeout = '5s';

-- The content, as quality knows it, whose points and standing a void takes: a report of it was upheld.
alter table voids add column judged_id uuid;
create index voids_of_judged on voids (judged_id) where judged_id is not null and is_standing;
create index voids_judged_newest on voids (community, changed_at desc, void_id)
    where judged_id is not null and is_standing;
