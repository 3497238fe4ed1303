set local lock_timeout = '5s';

-- What a member took back within the grace, on which day: so many of a day have it. Of before all of them had.
alter table claims add column grace_count int not null default 0, add column corrected_on date;
create index claims_corrected on claims (member_id, rule_id, corrected_on) where corrected_on is not null;
