set local lock_timeout = '5s';

-- Which counts are one of their hour already: putting the others in order looks at them alone, not at 32 days.
alter table outcome_hours add column folded boolean not null default false;
drop index outcome_hours_by_age;
create index outcome_hours_unfolded on outcome_hours (hour) where not folded;
create index outcome_hours_by_age on outcome_hours (hour) where folded;
