set local lock_timeout = '5s';

-- A provider that takes a card back does not always say what it refunds: since when a person has to find out.
alter table provider_costs add column refund_unsaid_at timestamptz;

alter table provider_orders drop constraint provider_orders_trouble_check;
alter table provider_orders add constraint provider_orders_trouble_check
    check (trouble in ('other_order', 'known_code', 'reversed', 'delivered_after_all', 'refund_unsaid'));
