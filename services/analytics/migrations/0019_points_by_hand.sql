set local lock_timeout = '5s';

-- Awards that a person gave by hand, or took back: few beside all others, so they stand apart.
create table awards_by_hand (
    community text not null,
    award_id uuid not null,
    person_id uuid not null,
    approved_by_person uuid,
    primary key (award_id, community)
);
