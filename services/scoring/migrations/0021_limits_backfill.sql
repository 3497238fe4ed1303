-- Whether what made a claim, or changed it last, was an event of the past: what is told of it later says so.
alter table claims add column is_backfill boolean not null default false;
