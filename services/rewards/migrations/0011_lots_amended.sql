set local lock_timeout = '5s';

-- What an award amounts to may change: its transfer is then amended by others that say which revision they are, and why.
alter table transfers rename column reverses to amends;
alter table transfers add column revision int, add column why text;

-- So many points of a lot have expired, and so many left it that its award does not amount to: it lacks them. No other
-- lot gives them up for good.
alter table lots
    drop constraint lots_points_check,
    drop constraint lots_check,
    add column expired bigint not null default 0 check (expired >= 0),
    add column lacking bigint not null default 0 check (lacking >= 0),
    add check (remaining >= 0);
create index lacking_lots on lots (member_id) where lacking > 0;
create index amendments on transfers (amends) where amends is not null;

update lots l set expired = e.points
from (select t.community, t.cause_id, sum(e.amount)::bigint as points
      from transfers t
      join entries e using (community, transfer_id)
      join accounts a using (community, account_id)
      where t.kind = 'expiry' and a.kind = 'expired' group by t.community, t.cause_id) e
where l.community = e.community and l.award_id = e.cause_id;

-- What members owe was on no lot until now: their newest lot lacks it.
update lots l set lacking = -b.amount
from accounts a join balances b using (community, account_id)
where a.kind = 'available' and a.currency = 'PTS' and b.amount < 0
    and l.community = a.community and l.award_id = (
        select n.award_id from lots n where n.community = a.community and n.member_id = a.owner
            and n.pending_until is null
        order by n.earned_at desc, n.award_id desc limit 1);
