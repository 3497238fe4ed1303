set local lock_timeout = '5s';

-- Whose part in an event an award is for: also that of its contributors.
alter table awards drop constraint if exists awards_slot_check;
alter table awards add constraint awards_slot_check check (slot in (
    'actor', 'object_author', 'reply_author',
    'contributor1', 'contributor2', 'contributor3', 'contributor4', 'contributor5')) not valid;
