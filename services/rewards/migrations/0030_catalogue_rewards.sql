set local lock_timeout = '5s';

-- Rewards that a community offers beside its programme's; one of an id that the programme has stands instead of it.
create table catalogue_rewards (
    community text not null,
    reward_id text not null,
    kind text not null check (kind in ('voucher', 'merchandise', 'donation', 'experience', 'cash', 'other')),
    category text,
    title text not null,
    description text not null,
    translations jsonb not null,
    audience text,
    level text,
    opens_at timestamptz,
    closes_at timestamptz,
    stock int check (stock >= 0),
    low_count int check (low_count > 0),
    shows_left boolean not null,
    limit_count int check (limit_count > 0),
    limit_days int check (limit_days > 0),
    is_withdrawn boolean not null,
    revision int not null,
    changed_at timestamptz not null,
    check (kind <> 'voucher' or stock is null),
    check (limit_days is null or limit_count is not null),
    primary key (community, reward_id)
);

-- A price holds from its moment to the next one's; what began is never changed.
create table catalogue_prices (
    community text not null,
    reward_id text not null,
    effective_from timestamptz not null,
    points int not null check (points > 0),
    primary key (community, reward_id, effective_from)
);
revoke delete, truncate on catalogue_rewards from plaudit_rewards;
revoke truncate on catalogue_prices from plaudit_rewards;

-- Codes of vouchers, sealed. One is a redemption's for good; by the hash, under a key, none is taken in twice.
create table voucher_codes (
    community text not null,
    code_id uuid not null,
    reward_id text not null,
    code_hash bytea not null,
    sealed_by text not null,
    sealed bytea,
    expires_at timestamptz,
    added_at timestamptz not null,
    redemption_id uuid,
    given_at timestamptz,
    -- Whom it was given to was erased, and what it says with them.
    forgotten_at timestamptz,
    check ((redemption_id is null) = (given_at is null)),
    check (sealed is not null or redemption_id is not null),
    primary key (community, code_id),
    unique (community, code_hash),
    unique (community, redemption_id)
);
-- What is to be given next: what ends first, then what came first.
create index voucher_codes_left on voucher_codes (community, reward_id, expires_at, added_at, code_id)
    where redemption_id is null;
create index voucher_codes_by_key on voucher_codes (sealed_by) where sealed is not null;
revoke delete, truncate on voucher_codes from plaudit_rewards;

-- Once it is somebody's it is nobody else's, whoever writes.
create function keep_code() returns trigger language plpgsql as $$
begin
    if old.redemption_id is not null
        and (new.redemption_id is distinct from old.redemption_id or new.given_at is distinct from old.given_at)
    then
        raise exception 'voucher code % was given before', old.code_id
            using errcode = 'check_violation', table = 'voucher_codes', constraint = 'given_once';
    end if;
    return new;
end
$$;
create trigger keep_code before update on voucher_codes for each row execute function keep_code();

-- How often a member had a reward.
create index redemptions_of_member_and_reward on redemptions (community, member_id, reward_id, created_at)
    where state in ('reserved', 'confirmed');

-- Links that give a reward to whoever opens them. Who did is in the redemptions: their `changed_by` names the link.
create table reward_links (
    community text not null,
    link_id uuid not null,
    reward_id text not null,
    note text not null,
    uses_max_count int not null check (uses_max_count > 0),
    expires_at timestamptz not null,
    created_at timestamptz not null,
    created_by text not null,
    revoked_at timestamptz,
    primary key (community, link_id)
);
create index reward_links_by_time on reward_links (community, created_at, link_id);
revoke update, delete, truncate on reward_links from plaudit_rewards;
grant update (revoked_at) on reward_links to plaudit_rewards;
create index redemptions_by_link on redemptions (community, changed_by) where changed_by like 'link %';
