set local lock_timeout = '5s';

-- Whose limits are over a claim: whom its member was merged into when its event was scored, or the same. Whoever changes
-- claims and windows of that one locks its row.
alter table claims add column limited_id uuid;
update claims set limited_id = member_id;
alter table claims alter column limited_id set not null;
drop index claims_to_settle;
create index claims_to_settle on claims (limited_id, community) where not is_settled;
drop index claims_corrected;
create index claims_corrected on claims (limited_id, rule_id, corrected_on) where corrected_on is not null;
