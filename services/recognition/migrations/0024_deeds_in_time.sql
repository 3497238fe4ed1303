-- outside a transaction
-- A member's first deeds from a moment on: what quests ask for, and no more.
create index concurrently if not exists deeds_in_time on deeds (member_id, counter, event_time, event_uid);
