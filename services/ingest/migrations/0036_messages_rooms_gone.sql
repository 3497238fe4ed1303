set local lock_timeout = '5s';

-- Since when a platform says that there is no such room, and in which words; until the room is set anew.
alter table message_rooms add column gone_at timestamptz, add column gone_why text;
