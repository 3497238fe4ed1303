set local lock_timeout = '5s';

drop index expiring_lots;
drop index pending_lots;

-- After which community the next turn begins, of what lots are due for.
create table lot_turns (
    due text primary key check (due in ('maturity', 'expiry')),
    after text not null
);
insert into lot_turns values ('maturity', ''), ('expiry', '');
revoke insert, delete, truncate on lot_turns from plaudit_rewards;
