set local lock_timeout = '5s';

-- What every service told on audit.v1: a read model, which retention may shorten and a rebuild makes anew.
create table audit_trail (
    community text not null,
    audit_id uuid not null,
    at timestamptz not null,
    kind text not null check (kind in ('command', 'read')),
    service text not null,
    command text not null,
    person_id uuid,
    credential text not null,
    object_kind text not null,
    object_id text not null,
    member_id uuid,
    before jsonb,
    after jsonb,
    traceparent text,
    primary key (community, audit_id)
);
create index audit_trail_by_time on audit_trail (community, at, audit_id);
create index audit_trail_by_person on audit_trail (community, person_id, at, audit_id);
create index audit_trail_by_object on audit_trail (community, object_id, at, audit_id);
create index audit_trail_by_member on audit_trail (community, member_id, at, audit_id) where member_id is not null;
create index audit_trail_by_trace on audit_trail (community, traceparent) where traceparent is not null;
create index audit_trail_by_age on audit_trail (at);

-- A command's trace is also that of the facts that came of it.
alter table payout_states add column traceparent text;
alter table programmes add column traceparent text;
