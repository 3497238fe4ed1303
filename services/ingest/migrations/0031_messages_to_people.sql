set local lock_timeout = '5s';

-- What a community's messages are: the ways each kind goes, who writes, how often at most, when it is quiet.
create table message_settings (
    community text primary key,
    kinds jsonb not null,
    sender_name text,
    reply_to text,
    day_max_count int not null,
    quiet_begins time,
    quiet_ends time,
    digest_at time not null,
    revision int not null
);

-- Rooms of a community's chat that messages are posted to: their addresses let anybody post, and are sealed.
create table message_rooms (
    community text not null,
    channel text not null,
    key_id text not null,
    sealed bytea not null,
    set_at timestamptz not null,
    primary key (community, channel)
);

-- What a community says instead of what comes with Plaudit.
create table message_templates (
    community text not null,
    kind text not null,
    language text not null,
    subject text not null,
    body text not null,
    revision int not null,
    changed_at timestamptz not null,
    primary key (community, kind, language)
);

-- Where members are reached: sealed, with the keyed hash by which what bounces finds them.
create table message_addresses (
    community text not null,
    member_id uuid not null,
    address_id uuid not null,
    key_id text not null,
    sealed bytea not null,
    address_hash text not null,
    state text not null,
    said_at timestamptz not null,
    primary key (community, member_id)
);
create unique index message_addresses_by_id on message_addresses (community, address_id);
create index message_addresses_by_hash on message_addresses (community, address_hash);

-- What members wish of messages.
create table message_wishes (
    community text not null,
    member_id uuid not null,
    without text[] not null,
    pace text not null,
    quiet_begins time,
    quiet_ends time,
    primary key (community, member_id)
);

-- People who are written to and are no members yet: their addresses, sealed, until a day.
create table message_recipients (
    community text not null,
    recipient_id uuid not null,
    key_id text not null,
    sealed bytea not null,
    address_hash text not null,
    state text not null,
    language text,
    kept_until timestamptz not null,
    primary key (community, recipient_id)
);
create index message_recipients_by_hash on message_recipients (community, address_hash);
create index message_recipients_kept on message_recipients (kept_until);

-- Messages: one for each way that a request goes, and what became of it.
create table messages (
    community text not null,
    message_id uuid not null,
    request_id uuid not null,
    channel text not null,
    kind text not null,
    member_id uuid,
    recipient_id uuid,
    language text,
    "values" jsonb not null,
    state text not null,
    requested_at timestamptz not null,
    due_at timestamptz not null,
    expires_at timestamptz,
    in_digest boolean not null,
    tries_count int not null default 0,
    claimed_at timestamptz,
    settled_at timestamptz,
    why text,
    said text,
    with_id uuid,
    primary key (community, message_id)
);
create index messages_due on messages (due_at) where state = 'waiting';
create index messages_claimed on messages (claimed_at) where state = 'sending';
create index messages_newest on messages (community, requested_at desc, message_id desc);
create index messages_by_state on messages (community, state, requested_at desc, message_id desc);
create index messages_of_member on messages (community, member_id, requested_at desc) where member_id is not null;
create index messages_settled on messages (settled_at) where settled_at is not null;
