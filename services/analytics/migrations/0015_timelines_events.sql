set local lock_timeout = '5s';

-- A member's events, newest first: their own, and those of others that name them. Of most events there is one entry.
create index events_of_member on events (member_id, event_time) where member_id is not null;
create index events_of_object on events (object_member_id, event_time)
    where object_member_id is distinct from member_id and object_member_id is not null;
create index events_of_reply on events (reply_member_id, event_time)
    where reply_member_id is distinct from member_id and reply_member_id is not null;
