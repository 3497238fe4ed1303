set local lock_timeout = '5s';

-- Who or what made a redemption, whoever changed it since: a link counts by it what it gave.
alter table redemptions add column made_by text;
update redemptions r set made_by = coalesce((
    select c.changed_by from fulfilment_changes c
    where c.community = r.community and c.redemption_id = r.redemption_id and c.number = 1), r.changed_by);
alter table redemptions alter column made_by set not null;
drop index redemptions_by_link;
create index redemptions_by_link on redemptions (community, made_by) where made_by like 'link %';
