set local lock_timeout = '5s';

-- What is on members' accounts together by kind and currency, and how many there are, in parts: what counts is the sum
-- of the parts. A part is only ever added, so nobody waits for anybody here; a timer folds the parts of a sum into one.
lock table balances in share row exclusive mode;
create table member_sums (
    part bigint generated always as identity primary key,
    community text not null,
    kind text not null,
    currency text not null,
    accounts bigint not null,
    amount bigint not null
);
create index parts_of_sum on member_sums (community, kind, currency);
insert into member_sums (community, kind, currency, accounts, amount)
select a.community, a.kind, a.currency, count(*), sum(b.amount)
from accounts a join balances b using (community, account_id)
where a.owner is not null group by 1, 2, 3;
