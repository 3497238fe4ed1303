set local lock_timeout = '5s';

-- An award is amended, as often as what it amounts to changes: by how much, the how manieth time, why, and to what.
alter table awards rename column reverses to amends;
alter table awards add column revision int, add column cause text, add column total int;
update awards set revision = 1, cause = 'retracted', total = 0 where amends is not null;
alter table awards drop constraint awards_check,
    add check (num_nulls(amends, revision, cause, total) = case when amends is null then 4 else 0 end),
    add check (amends is not null or points > 0),
    add check (cause in ('retracted', 'restored', 'limit') and revision >= 1 and total >= greatest(points, 0));

-- The last that was said of an event: when, by which fact and by whom, as far as that is known. What was taken back
-- before this was known was taken back at the beginning of time, by whoever did it.
alter table activities
    add column said_at timestamptz, add column said_id text, add column said_uid uuid, add column said_by uuid;
update activities set said_at = '0001-01-01T00:00Z', said_id = '', said_uid = event_uid where retracted;
alter table activities
    add check (num_nulls(said_at, said_id, said_uid) in (0, 3)), add check (not retracted or said_at is not null);

-- Who has claims: whoever changes a member's claims or windows locks their row here first, in order of member id.
create table limited_members (
    community text not null,
    member_id uuid not null,
    primary key (member_id, community)
);

-- What rules have for members under limits, and for events that were taken back before they earned. Looked for by
-- event, as awards are, and by window.
create table claims (
    community text not null,
    award_id uuid not null,
    member_id uuid not null,
    event_uid uuid not null,
    event_id text not null,
    event_type text not null,
    event_time timestamptz not null,
    received_at timestamptz not null,
    day date,
    week date,
    rule_id text not null,
    slot text not null,
    programme_id text not null,
    programme_version int not null,
    weight int not null check (weight > 0),
    is_actors boolean not null,
    grace_seconds int not null,
    is_heaviest_first boolean not null,
    window_1 bytea, window_2 bytea, window_3 bytea, window_4 bytea,
    bound_1 int, bound_2 int, bound_3 int, bound_4 int,
    state text not null check (state in ('live', 'held', 'removed')),
    is_counted boolean not null,
    is_settled boolean not null,
    room int not null check (room between 0 and weight),
    told int not null check (told between 0 and weight),
    revision int,
    primary key (award_id, community)
) with (fillfactor = 85);
create index claims_of_window_1 on claims (window_1, event_time) where window_1 is not null;
create index claims_of_window_2 on claims (window_2, event_time) where window_2 is not null;
create index claims_of_window_3 on claims (window_3, event_time) where window_3 is not null;
create index claims_of_window_4 on claims (window_4, event_time) where window_4 is not null;
create index claims_to_settle on claims (member_id, community) where not is_settled;
revoke delete on claims from plaudit_scoring;

-- The rooms: points or awards used of each, wanted of each, and up to where claims have come. Of daily caps what was
-- used is known, not by which claims: it stays used. Names are as limits/domain/windows.py makes them.
create table limit_windows (
    name bytea primary key,
    used bigint not null check (used >= 0),
    wanted bigint not null check (wanted >= 0),
    bound int,
    is_mixed boolean not null default false,
    last_rank int,
    last_time timestamptz,
    last_id text
) with (fillfactor = 70);
insert into limit_windows (name, used, wanted)
select int4send(day - date '0001-01-01' + 1) || substr(sha256(int4send(day - date '0001-01-01' + 1) || convert_to(
    concat_ws(chr(31), community, 'rules/' || rule_id, 'pointsday', member_id::text, '', ''), 'UTF8')), 1, 12),
    points, points
from cap_usage;
drop table cap_usage;

-- What was read back of awards is what was told of them last.
drop table awards_read_back;
create table awards_read_back (
    community text not null,
    event_uid uuid not null,
    award_id uuid not null,
    total int not null,
    revision int not null,
    programme_version int not null,
    primary key (event_uid, award_id, community)
);
