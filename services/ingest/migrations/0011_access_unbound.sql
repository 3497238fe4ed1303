set local lock_timeout = '5s';

alter table people add column unbound_count int not null default 0;

-- Who somebody was at a provider until they were unbound: their email does not make them that again.
create table unbound_subjects (
    person_id uuid not null,
    issuer text not null,
    subject text not null,
    unbound_at timestamptz not null,
    primary key (person_id, issuer, subject)
);
