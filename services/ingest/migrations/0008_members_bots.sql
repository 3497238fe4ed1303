set local lock_timeout = '5s';

-- Whom a community takes for bots: null until it says so. While `bots_considered_up_to` is there, members with higher
-- ids have not been looked at since the patterns changed.
alter table communities add column bots text[];
alter table communities add column bots_considered_up_to uuid;
create index communities_to_reconsider on communities (community) where bots_considered_up_to is not null;

-- By whose word a member is no person; null is a person.
alter table members add column bot_by text check (bot_by in ('platform', 'pattern'));
