set local lock_timeout = '5s';

-- What a reward is found by: its words in all languages. Whether those of the reader's are among them is looked at
-- in the few that are left.
alter table catalogue_rewards add column words tsvector generated always as (
    to_tsvector('simple', translate(title || ' ' || description, '<>&/@.:-_', '         '))
    || jsonb_to_tsvector('simple', translate(translations::text, '<>&/@.-_', '        ')::jsonb, '["string"]')) stored;
