set local lock_timeout = '5s';

-- What members are beside persons: by whose word (null: they are not), and by hand that they are no bot after all.
-- Whether they earn and rank follows from that, from what their community says of it, and from what they wish.
alter table members
    drop constraint members_bot_by_check,
    add constraint members_bot_by_check check (bot_by in ('platform', 'pattern', 'hand')),
    add column is_person boolean not null default false,
    add column staff_by text check (staff_by in ('pattern', 'hand')),
    add column departed_by text check (departed_by in ('pattern', 'hand')),
    add column hidden_by text check (hidden_by in ('pattern', 'hand')),
    add column off_boards_wish boolean not null default false,
    add column earns boolean not null default true,
    add column ranks boolean not null default true;

-- What a community says of its staff, and of those who departed or are hidden: patterns, and whether they earn and rank.
-- Null until it says so.
alter table communities add column standings jsonb;
