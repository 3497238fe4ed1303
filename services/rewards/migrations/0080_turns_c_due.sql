set local lock_timeout = '5s';

drop index reservations;
drop index wallet_reservations_expiring;

-- Not of lots alone any more: also of what is reserved, and set aside of wallets.
alter table lot_turns rename to due_turns;
alter table due_turns drop constraint lot_turns_due_check;
alter table due_turns add constraint due_turns_due_check
    check (due in ('maturity', 'expiry', 'reservation', 'wallet_reservation'));
insert into due_turns values ('reservation', ''), ('wallet_reservation', '');
