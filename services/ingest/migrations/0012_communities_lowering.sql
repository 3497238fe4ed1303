set local lock_timeout = '5s';

-- Who asked that one person publish where two do, in which community they are somebody, and when: it waits for another.
alter table communities
    add column lowering_by uuid,
    add column lowering_community text,
    add column lowering_asked_at timestamptz,
    add check (num_nonnulls(lowering_by, lowering_community, lowering_asked_at) in (0, 3));
