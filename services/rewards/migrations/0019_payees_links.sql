set local lock_timeout = '5s';

create index payee_changes_by_account on payee_changes (community, iban);

-- What was told last of members whose bank account is another's too, or the payer's: `account_id` is drawn by lot, and
-- the same for all of them. The account itself is not here.
create table member_links (
    community text not null,
    member_id uuid not null,
    revision int not null check (revision >= 1),
    account_id uuid,
    members_count int not null check (members_count >= 1),
    is_payer boolean not null,
    primary key (community, member_id)
);
