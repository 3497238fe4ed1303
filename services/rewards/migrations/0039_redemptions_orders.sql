set local lock_timeout = '5s';

-- What was chosen together.
alter table redemptions add column order_id uuid;
create index redemptions_of_order on redemptions (community, order_id) where order_id is not null;
