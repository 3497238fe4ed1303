set local lock_timeout = '5s';

-- What people commanded here, and whose personal data they read. An entry is written in the transaction that did it.
-- The key alone: nothing is looked up here but whether a read was noted already.
create table audit_entries (
    audit_id uuid primary key,
    at timestamptz not null,
    community text not null,
    kind text not null check (kind in ('command', 'read')),
    command text not null,
    person_id uuid,
    credential text not null,
    object_kind text not null,
    object_id text not null,
    member_id uuid,
    before jsonb,
    after jsonb,
    traceparent text
);

-- Append-only for the service's role, which is named as its database is.
do $$ begin
    execute format('revoke update, delete, truncate on audit_entries from %I', current_database());
end $$;
