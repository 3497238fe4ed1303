set local lock_timeout = '5s';

-- A badge for counted events names the event that led to it, not an award.
alter table grants alter column award_id drop not null, add column event_uid uuid;
