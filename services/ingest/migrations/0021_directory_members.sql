set local lock_timeout = '5s';

-- Members as somebody looks for them: those who came last first, by words of their names, by how a handle begins.
create index members_by_first_seen on members (community, first_seen_at, member_id);
-- What text search takes for tags, hosts, addresses and paths are words of a name here: so they are cut beforehand.
create index members_by_word on members using gin (to_tsvector('simple', translate(name, '<>&/@.:-_', '         ')))
    where name is not null;
create index members_marked on members (community, first_seen_at, member_id)
    where bot_by is not null or staff_by is not null or departed_by is not null or hidden_by is not null;
create index identities_by_handle on identities (community, lower(identity) text_pattern_ops);
