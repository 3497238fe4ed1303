set local lock_timeout = '5s';

-- Which content the events are about that rules had something for, whoever got it. The content's id is a hash of its
-- channel, host and id.
create table content_events (
    community text not null,
    content_id uuid not null,
    event_uid uuid not null,
    event_time timestamptz not null,
    primary key (content_id, event_uid, community)
);

-- What earns nothing: a content a report of which was upheld, to its author; a member who is suspended, in a time. It
-- is worked off in pieces, up to `swept_to`: what stands reverses, what does not releases what it reversed.
create table voids (
    community text not null,
    void_id uuid not null,
    why text not null check (why in ('upheld', 'suspended')),
    case_id uuid,
    content_id uuid,
    member_id uuid not null,
    starts_at timestamptz,
    ends_at timestamptz,
    is_standing boolean not null,
    revision int not null check (revision > 0),
    changed_at timestamptz not null,
    swept_to uuid,
    is_swept boolean not null default false,
    primary key (void_id, community),
    check ((why = 'upheld') = (content_id is not null)),
    check ((why = 'suspended') = (starts_at is not null)),
    check (ends_at is null or ends_at >= starts_at)
);
create index voids_to_sweep on voids (changed_at) where not is_swept;
create index voids_standing on voids (community) where is_standing;
create index voids_of_content on voids (content_id, community) where content_id is not null;
create index voids_of_member on voids (community, member_id);

-- What exactly was reversed, by what: it is what is released.
create table voided_awards (
    community text not null,
    award_id uuid not null,
    void_id uuid not null,
    why text not null check (why in ('upheld', 'suspended')),
    member_id uuid not null,
    event_uid uuid not null,
    event_time timestamptz not null,
    primary key (award_id, community, void_id)
);
create index voided_awards_of on voided_awards (void_id, community, award_id);

alter table claims add column void text check (void in ('upheld', 'suspended'));
alter table awards
    drop constraint awards_check1,
    add check (cause in ('retracted', 'restored', 'limit', 'upheld', 'suspended') and revision >= 1
               and total::bigint * (total - points) >= 0);

-- What was said in cases, by platforms and here, in whatever order: what became of a case is a function of it. `about`
-- is the case, or what an appeal is against, or the appeal that was decided; what is not here yet may come.
create table guideline_words (
    community text not null,
    word_id uuid not null,
    kind text not null check (kind in ('report', 'decision', 'appeal', 'appeal_decision', 'suspension', 'lift')),
    ref uuid not null,
    about uuid not null,
    said_at timestamptz not null,
    said_id text not null,
    by_member uuid,
    by_person uuid,
    by_name text,
    by_credential text,
    member_id uuid,
    channel text,
    host text,
    object_id text,
    outcome text,
    category text,
    reason text,
    note text,
    ends_at timestamptz,
    programme_version int,
    repeat_count int,
    penalty_points int check (penalty_points >= 0),
    suspended_days int check (suspended_days >= 0),
    appeal_until timestamptz,
    is_retracted boolean not null,
    primary key (word_id, community)
);
create index guideline_words_about on guideline_words (about, community);
create index guideline_words_by_ref on guideline_words (ref, community);
create index guideline_words_by_member on guideline_words (community, by_member) where by_member is not null;

-- The cases: what became of what was reported, as of all that was said; `is_due` where that is still to be worked out.
create table guideline_cases (
    community text not null,
    case_id uuid not null,
    channel text not null,
    host text not null,
    object_id text not null,
    member_id uuid,
    state text not null check (state in ('open', 'upheld', 'dismissed', 'appealed', 'overturned', 'withdrawn')),
    revision int not null check (revision > 0),
    category text,
    report_count int not null check (report_count >= 0),
    opened_at timestamptz not null,
    due_at timestamptz not null,
    decided_at timestamptz,
    is_due boolean not null,
    primary key (case_id, community)
);
create index guideline_cases_in_order on guideline_cases (community, state, due_at, case_id);
create index guideline_cases_of_member on guideline_cases (community, member_id) where member_id is not null;
create index guideline_cases_due on guideline_cases (community, case_id) where is_due;

-- Which version of the guidelines who accepted, and when first.
create table guideline_acceptances (
    community text not null,
    member_id uuid not null,
    version text not null,
    accepted_at timestamptz not null,
    primary key (community, member_id, version)
);

