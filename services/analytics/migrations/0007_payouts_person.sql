set local lock_timeout = '5s';

-- Who brought a payout to its state, beside the credential, and the outcome that two people decided; null before.
alter table payout_states
    add column person_id uuid,
    add column outcome_id uuid;
