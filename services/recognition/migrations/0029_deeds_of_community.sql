-- outside a transaction
-- A member's first deeds from a moment on. With the community in it PostgreSQL takes it whatever it knows of the table:
-- without statistics, as behind a backfill, it read all of a member's deeds by the primary key instead.
create index concurrently if not exists deeds_of_community_in_time
on deeds (community, member_id, counter, event_time, event_uid);
