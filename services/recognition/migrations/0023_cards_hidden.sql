set local lock_timeout = '5s';

-- A person of several members has no card while any of these is hidden: so that is kept, whoever wants a card.
alter table cards add column is_wanted boolean not null default true;
alter table cards add column is_hidden boolean not null default false;
