set local lock_timeout = '5s';

-- An award or amendment says which restatement posted it, and why.
alter table awards add column restatement_id uuid;
alter table awards drop constraint awards_amended;
alter table awards add constraint awards_amended
    check (cause in ('retracted', 'restored', 'limit', 'held', 'released', 'upheld', 'suspended', 'quality', 'restated')
           and revision >= 1
           and total::bigint * (total - points) >= 0);

-- A claim of no weight is an award that a restatement brought to nothing.
alter table claims drop constraint claims_weight_check;
alter table claims add constraint claims_weight_check check (weight >= 0);

-- A version of the programme applied to a time that is past: what was asked and decided by whom, and how far it is.
-- `begins` and `ends` say which part of the log is read. `parts_done` of `parts_count` are posted, or taken back.
create table restatements (
    community text not null,
    restatement_id uuid not null,
    state text not null check (state in ('computing', 'ready', 'submitted', 'approved', 'posting', 'posted',
                                         'reversing', 'reversed', 'failed', 'cancelled')),
    since timestamptz not null,
    until timestamptz not null check (until > since),
    audience text,
    version int not null,
    reason text not null,
    asked_at timestamptz not null,
    asked_by_person uuid,
    asked_by text not null,
    asked_by_credential text,
    submitted_at timestamptz,
    submitted_by_person uuid,
    submitted_by text,
    submitted_by_credential text,
    approved_at timestamptz,
    approved_by_person uuid,
    approved_by text,
    approved_by_credential text,
    reversal_asked_at timestamptz,
    reversal_asked_by_person uuid,
    reversal_asked_by text,
    reversal_asked_by_credential text,
    reversal_approved_at timestamptz,
    reversal_approved_by_person uuid,
    reversal_approved_by text,
    reversal_approved_by_credential text,
    changed_at timestamptz,
    begins jsonb,
    ends jsonb,
    records_count bigint not null default 0,
    read_count bigint not null default 0,
    events_count bigint not null default 0,
    used_seconds double precision not null default 0,
    attempts int not null default 0,
    waits_for_live boolean not null default false,
    parts_count int not null default 0,
    parts_done int not null default 0,
    parted_count int not null default 0,
    moved_at timestamptz not null,
    posted_at timestamptz,
    -- Up to which member it was said to them, and whether that is done.
    told_to uuid,
    is_told boolean not null default false,
    ended_at timestamptz,
    failure text,
    digest text,
    result jsonb,
    primary key (community, restatement_id),
    check ((state = 'failed') = (failure is not null)),
    check ((state in ('reversed', 'failed', 'cancelled')) = (ended_at is not null))
);
create index restatements_under_way on restatements (moved_at)
    where state in ('computing', 'approved', 'posting', 'reversing');
create index restatements_to_tell on restatements (posted_at) where state = 'posted' and not is_told;
create index restatements_asked on restatements (community, asked_at desc, restatement_id desc);

-- What the version has for the log so far, piece by piece; `offsets` is where the next piece begins.
create table restatement_pieces (
    community text not null,
    restatement_id uuid not null,
    piece int not null,
    offsets jsonb not null,
    packed bytea not null,
    primary key (community, restatement_id, piece)
);

-- What one transaction posts; once it did, how that was before, which a reversal brings back.
create table restatement_parts (
    community text not null,
    restatement_id uuid not null,
    part int not null,
    packed bytea not null,
    before bytea,
    is_posted boolean not null default false,
    primary key (community, restatement_id, part)
);
create index restatement_parts_waiting on restatement_parts (community, restatement_id, part) where not is_posted;

-- What each award came to and comes to: as it was worked out, and what was posted in the end (`posted_id`).
create table restatement_differences (
    community text not null,
    restatement_id uuid not null,
    place int not null,
    part int not null,
    award_id uuid not null,
    member_id uuid not null,
    rule_id text not null,
    score text not null,
    event_uid uuid not null,
    event_type text not null,
    event_time timestamptz not null,
    points_before int not null,
    points_after int not null,
    posted_id uuid,
    primary key (community, restatement_id, place)
);
create index restatement_differences_of_part on restatement_differences (community, restatement_id, part);
create index restatement_differences_of_member on restatement_differences (community, member_id, restatement_id);
