set local lock_timeout = '5s';

-- What members suggested; what they wrote is among the texts. Known at once, and again when its event is accepted.
create table ideas (
    community text not null,
    idea_id uuid not null,
    event_uid uuid not null,
    author_id uuid not null,
    made_at timestamptz not null,
    made_on date not null,
    state text not null default 'new',
    joined_to uuid,
    moves_count int not null default 0,
    moved_at timestamptz,
    votes_count int not null default 0,
    -- Whose votes are to be counted anew: somebody of theirs became one with another, or is it no more.
    is_stale boolean not null default false,
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
    primary key (community, idea_id)
);
create index ideas_of_event on ideas (community, event_uid);
create index ideas_by_votes on ideas (community, votes_count, idea_id);
create index ideas_by_state on ideas (community, state, votes_count, idea_id);
create index ideas_of_author on ideas (community, author_id, made_on);
create index ideas_joined on ideas (community, joined_to) where joined_to is not null;
create index ideas_stale on ideas (community, idea_id) where is_stale;

-- Who voted for which, the how manieth time, and whether that stands.
create table idea_votes (
    community text not null,
    idea_id uuid not null,
    member_id uuid not null,
    number int not null,
    event_uid uuid not null,
    is_given boolean not null,
    voted_at timestamptz not null,
    voted_on date not null,
    primary key (community, idea_id, member_id)
);
create index idea_votes_of_member on idea_votes (community, member_id, voted_on);
create index idea_votes_of_event on idea_votes (community, event_uid);

-- How each went on, and how far its author and voters were told.
create table idea_moves (
    community text not null,
    idea_id uuid not null,
    number int not null,
    state text not null,
    note text,
    joined_to uuid,
    moved_at timestamptz not null,
    told_after uuid not null default '00000000-0000-0000-0000-000000000000',
    is_told boolean not null default false,
    primary key (community, idea_id, number)
);
create index idea_moves_untold on idea_moves (moved_at, community, idea_id, number) where not is_told;
