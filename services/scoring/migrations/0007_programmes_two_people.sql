set local lock_timeout = '5s';

-- Who published a version, and who approved it where it took two. Null in versions of before.
alter table programme_versions
    add column published_by_person uuid,
    add column published_by_credential text,
    add column approved_by text,
    add column approved_by_person uuid,
    add column approved_by_credential text;

-- Versions that change money, as they were proposed. One that another person approves is published under its number;
-- none of the others is ever in force, so no reader of programme_versions can take it for one that is.
create table programme_proposals (
    community text not null,
    version int not null check (version >= 1),
    programme_id text not null,
    title text not null,
    requested_from timestamptz,
    proposed_at timestamptz not null,
    proposed_by text not null,
    proposed_by_person uuid not null,
    proposed_by_credential text not null,
    source_text text not null,
    document jsonb not null,
    document_sha256 text not null,
    money_changes jsonb not null,
    state text not null check (state in ('proposed', 'approved', 'withdrawn', 'superseded')),
    decided_at timestamptz,
    decided_by text,
    decided_by_person uuid,
    decided_by_credential text,
    primary key (community, version),
    check ((state = 'proposed') = (decided_at is null))
);
create unique index one_proposed_programme on programme_proposals (community) where state = 'proposed';
revoke update, delete, truncate on programme_proposals from plaudit_scoring;
grant update (state, decided_at, decided_by, decided_by_person, decided_by_credential)
    on programme_proposals to plaudit_scoring;
