set local lock_timeout = '5s';

-- Who asked that an award which took two people be taken back, until another person confirms or declines it.
alter table manual_awards
    add column reversal_asked_at timestamptz,
    add column reversal_asked_by text,
    add column reversal_asked_by_person uuid,
    add column reversal_asked_by_credential text,
    add check (reversal_asked_at is null or state in ('given', 'reversed'));
create index manual_awards_reversal on manual_awards (community) where state = 'given' and reversal_asked_at is not null;
