set local lock_timeout = '5s';

-- A keyed hash of the mail address that a platform knows somebody by, and whether it has verified it: of two identities
-- with one address that both platforms verified, the second is the first one's member's.
alter table identities
    add column email_hash text,
    add column email_verified boolean not null default false,
    add column joined_by text check (joined_by in ('email', 'subject', 'token'));
create index identities_by_email on identities (community, email_hash) where email_hash is not null;

-- A keyed hash of whom an OpenID provider says that somebody is: what two identities have, one person has.
alter table identities add column subject_hash text;
create index identities_by_subject on identities (community, subject_hash) where subject_hash is not null;

-- Members who are shown by one name: `suggestions` looks for them.
create index members_by_name on members (community, lower(name)) where name is not null;
