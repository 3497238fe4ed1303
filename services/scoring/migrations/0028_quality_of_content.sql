set local lock_timeout = '5s';

-- What an award amounts to changes with the quality of the content that it is for, too.
alter table awards
    drop constraint awards_check1,
    add check (cause in ('retracted', 'restored', 'limit', 'upheld', 'suspended', 'quality') and revision >= 1
                                             and total::bigint * (total - points) >= 0);

-- Content, as far as somebody made it or judged it: one row whatever becomes of it. `content_id` is derived from its
-- community, channel, host and id there. Sums are in 1 / (1000 * 100 * 2^19) of a vote; `quality` is in millionths, by
-- services/scoring/quality/domain/weighing.py, and only orders. `told_at` is when it was made, as the points of its author were told last.
create table quality_contents (
    content_id uuid primary key,
    community text not null,
    channel text not null,
    host text,
    object_id text not null,
    author_id uuid,
    made_uid uuid,
    made_at timestamptz,
    made_type text,
    week date,
    month date,
    is_gone boolean not null default false,
    outcomes int not null default 0,
    weighed int not null default 0,
    plus bigint not null default 0,
    total bigint not null default 0,
    last_at timestamptz,
    told_at timestamptz,
    quality int not null generated always as
        (((78643200000 + plus)::numeric * 1000000 / (157286400000 + total))::int) stored
);
create index quality_contents_of_week on quality_contents (community, week, quality desc, content_id)
    where weighed > 0 and not is_gone;
create index quality_contents_of_month on quality_contents (community, month, quality desc, content_id)
    where weighed > 0 and not is_gone;
create index quality_contents_unjudged on quality_contents (community, made_at, content_id)
    where outcomes = 0 and not is_gone and made_at is not null;
create index quality_contents_made on quality_contents (made_uid) where made_uid is not null;
create index quality_contents_of_author on quality_contents (author_id, community);

-- What events said of content, one row for each. `trust` is decided when the event is scored, and changed only by
-- restating; `turn` is the how manieth it is of its judge on that author in its period, 0 where it counts nothing.
create table quality_judgements (
    community text not null,
    event_uid uuid not null,
    content_id uuid not null,
    judge_id uuid not null,
    author_id uuid,
    event_time timestamptz not null,
    period int not null,
    kind text not null,
    percent_up smallint not null,
    kind_percent smallint not null,
    trust smallint not null,
    why text,
    is_retracted boolean not null,
    turn smallint not null default 0,
    plus bigint not null default 0,
    total bigint not null default 0,
    primary key (event_uid, community)
);
create index quality_judgements_of_content on quality_judgements (content_id, event_time desc, event_uid);
create index quality_judgements_counted
    on quality_judgements (judge_id, author_id, period, event_time, event_uid) where why is null and not is_retracted;
create index quality_judgements_turned on quality_judgements (judge_id, author_id, period) where turn > 0;

-- How much members found of others good, in percent of votes: trust is passed on by it. Whoever changes what one made of
-- another's content locks their row.
create table quality_pairs (
    community text not null,
    judge_id uuid not null,
    author_id uuid not null,
    likes bigint not null default 0,
    changed_at timestamptz not null,
    primary key (judge_id, author_id, community)
);
create index quality_pairs_newest on quality_pairs (community, changed_at desc);
create index quality_pairs_of_author on quality_pairs (author_id, community);

-- Pairs whose judgements are to be weighed anew: somebody was merged or parted, or their trust is restated.
create table quality_pairs_due (
    community text not null,
    judge_id uuid not null,
    author_id uuid not null,
    restates boolean not null,
    primary key (community, judge_id, author_id)
);

-- Content whose points for its author are to be looked at: it has another quality than before.
create table quality_due (
    community text not null,
    content_id uuid primary key
);

-- How far persons are trusted, in thousandths, as it was worked out last; who is not there is not.
create table quality_trust (
    community text not null,
    member_id uuid not null,
    trust smallint not null check (trust between 1 and 1000),
    is_seed boolean not null,
    primary key (community, member_id)
);

-- When the trust of a community was worked out last, by which version, and of how many.
create table quality_trust_runs (
    community text primary key,
    computed_at timestamptz,
    programme_version int,
    seeds int not null default 0,
    trusted int not null default 0,
    pairs int not null default 0
);

-- What makes members trusted by itself: whether they are staff, and since when they are known.
create table quality_members (
    community text not null,
    member_id uuid not null,
    is_staff boolean not null,
    is_bot boolean not null,
    first_seen_at timestamptz not null,
    revision int not null,
    primary key (community, member_id)
);
create index quality_members_by_time on quality_members (community, first_seen_at);
create index programme_versions_with_quality on programme_versions (community) where document ? 'quality';
