set local lock_timeout = '5s';

-- Whether each version of the programme but the first is backtested before it is submitted.
alter table communities add column backtest boolean not null default false;
