set local lock_timeout = '5s';

-- What a version changes, in plain words, and which earlier version it says again; why a proposed one was sent back.
alter table programme_versions add column note text, add column restores int;
alter table programme_proposals
    add column note text, add column restores int, add column reason text,
    drop constraint programme_proposals_state_check,
    add constraint programme_proposals_state_check
        check (state in ('proposed', 'approved', 'withdrawn', 'superseded', 'sent_back')),
    add check ((state = 'sent_back') = (reason is not null));
grant update (reason) on programme_proposals to plaudit_scoring;

-- What several people write together before it is published. Nothing here is in force, and nothing goes unasked.
-- `revision` counts what was saved; `version` is what it was submitted as last.
create table programme_drafts (
    community text not null,
    draft_id uuid not null,
    title text not null,
    source_text text not null,
    revision int not null check (revision >= 1),
    created_at timestamptz not null,
    created_by text not null,
    created_by_person uuid not null,
    created_by_credential text not null,
    saved_at timestamptz not null,
    saved_by text not null,
    saved_by_person uuid not null,
    saved_by_credential text not null,
    version int,
    primary key (community, draft_id)
);
create index programme_drafts_saved on programme_drafts (community, saved_at desc, draft_id);
