set local lock_timeout = '5s';

-- The sites whose pages may show the community in a frame; none where it said nothing.
alter table communities add column embed_sites text[] not null default '{}';
