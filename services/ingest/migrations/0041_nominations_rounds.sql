set local lock_timeout = '5s';

-- Choices among members: until when they are nominated and voted for, by whom, and whether counts show meanwhile.
create table nomination_rounds (
    community text not null,
    round_id uuid not null,
    title text not null,
    about text,
    starts_at timestamptz not null,
    votes_from timestamptz not null,
    ends_at timestamptz not null,
    nominators text,
    voters text,
    winners int not null,
    is_live boolean not null,
    needs_yes boolean not null,
    made_at timestamptz not null,
    decided_at timestamptz,
    cancelled_at timestamptz,
    primary key (community, round_id)
);
create index nomination_rounds_undecided on nomination_rounds (ends_at)
    where decided_at is null and cancelled_at is null;

-- Who is put forward by whom; why is among the texts. What a round came to is on each once it is over.
create table nominations (
    community text not null,
    nomination_id uuid not null,
    round_id uuid not null,
    nominee_id uuid not null,
    nominator_id uuid not null,
    event_uid uuid not null,
    made_at timestamptz not null,
    said text not null default 'open',
    votes_count int,
    place int,
    has_won boolean,
    is_listed boolean not null default false,
    case_state text,
    case_revision int not null default 0,
    is_shown boolean not null generated always as (
        case
            when case_state in ('upheld', 'appealed') then false
            when case_state in ('dismissed', 'overturned') then true
            else not is_listed
        end
    ) stored,
    primary key (community, nomination_id)
);
create index nominations_of_round on nominations (community, round_id, nomination_id);
create index nominations_of_nominee on nominations (community, nominee_id);
create index nominations_of_nominator on nominations (community, nominator_id, round_id);

-- Whom each votes for in a round: one, which they may change.
create table nomination_votes (
    community text not null,
    round_id uuid not null,
    member_id uuid not null,
    nomination_id uuid not null,
    number int not null,
    voted_at timestamptz not null,
    primary key (community, round_id, member_id)
);
create index nomination_votes_of_member on nomination_votes (community, member_id);
