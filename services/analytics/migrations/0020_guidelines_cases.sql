set local lock_timeout = '5s';

-- What became of cases of the guidelines, as told with the highest revision, and when each was first decided.
create table guideline_cases (
    community text not null,
    case_id uuid not null,
    revision int not null,
    state text not null,
    member_id uuid,
    category text,
    reports int not null,
    opened_at timestamptz not null,
    due_at timestamptz not null,
    decided_at timestamptz,
    first_decided_at timestamptz,
    first_due_at timestamptz not null,
    primary key (case_id, community)
);
create index guideline_cases_opened on guideline_cases (community, opened_at);

-- Which version of the guidelines who accepted, and when first.
create table guideline_acceptances (
    community text not null,
    member_id uuid not null,
    version text not null,
    accepted_at timestamptz not null,
    primary key (community, member_id, version)
);
create index guideline_acceptances_at on guideline_acceptances (community, accepted_at);
