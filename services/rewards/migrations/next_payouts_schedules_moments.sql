set local lock_timeout = '5s';

-- When a schedule is looked at next: at the moment of its next time, null once it has none. One that is new, or
-- whose community counts days otherwise than when that was worked out, is looked at at once.
alter table payout_schedules add column next_at timestamptz default '1970-01-01 00:00Z';
create index payout_schedules_due on payout_schedules (next_at) where state = 'approved' and stopped_at is null;
drop index payout_schedules_in_force;
create index payout_schedules_in_force on payout_schedules (community) where state = 'approved' and stopped_at is null;
create index payout_schedule_times_refused on payout_schedule_times (community, schedule_id, day)
    where state = 'refused';
grant update (next_at) on payout_schedules to plaudit_rewards;

create function look_at_schedules() returns trigger language plpgsql as $$
begin
    update payout_schedules set next_at = '1970-01-01 00:00Z' where community = new.community and stopped_at is null;
    return null;
end $$;
create trigger calendar_added after insert on followed_communities
    for each row execute function look_at_schedules();
create trigger calendar_changed after update on followed_communities
    for each row when (old.data -> 'calendar' is distinct from new.data -> 'calendar')
    execute function look_at_schedules();
