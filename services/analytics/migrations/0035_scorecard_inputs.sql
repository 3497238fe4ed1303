set local lock_timeout = '5s';

-- What a version says that it changes, and when somebody appealed against a decision and that was decided.
alter table programmes add column note text;
alter table guideline_cases add column appealed_at timestamptz, add column appeal_decided_at timestamptz;
create index guideline_cases_appealed on guideline_cases (community, appealed_at) where appealed_at is not null;
