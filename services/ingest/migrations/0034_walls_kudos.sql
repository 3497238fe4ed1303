set local lock_timeout = '5s';

-- Who thanked whom, and for which value; what they wrote is among the texts. Of one given here it is known at once, of
-- one that a platform sent when it is accepted. `month` is that in which it counts for its giver's allowance.
create table kudos (
    community text not null,
    event_uid uuid not null,
    giver_id uuid not null,
    receiver_id uuid not null,
    value text,
    given_at timestamptz not null,
    month date not null,
    is_given_here boolean not null,
    channel text not null,
    host text not null,
    object_id text not null,
    is_listed boolean not null default false,
    is_taken_back boolean not null default false,
    said_at timestamptz,
    case_state text,
    case_revision int not null default 0,
    -- Of one that a list of words stopped somebody decides before others see it.
    is_shown boolean not null generated always as (
        not is_taken_back and case
            when case_state in ('upheld', 'appealed') then false
            when case_state in ('dismissed', 'overturned') then true
            else not is_listed
        end
    ) stored,
    primary key (community, event_uid)
);
create index kudos_newest on kudos (community, given_at, event_uid) where is_shown;
create index kudos_of_giver on kudos (community, giver_id, month);
create index kudos_of_receiver on kudos (community, receiver_id, month);
create index kudos_of_object on kudos (community, object_id);

-- What versions of programmes say of kudos, and the words that bring one before somebody.
create table declared_kudos (
    community text not null,
    version int not null,
    effective_from timestamptz not null,
    terms jsonb,
    words jsonb not null,
    primary key (community, version)
);

-- What of each community anybody may see, where every service has it: ingest shows something to visitors now.
insert into followed_communities (community, revision, data)
select community, revision, jsonb_build_object('public', to_jsonb(public)) from communities where revision > 0
on conflict do nothing;
