insert into programmes values ('acme', 'starter', 1, '2026-03-01T00:00Z', '{"catalogue": []}');
insert into members (community, member_id, name, revision) values
    ('acme', 'a0000000-0000-5000-8000-000000000001', 'Ada', 2),
    ('acme', 'a0000000-0000-5000-8000-000000000002', null, 1);
insert into answers values
    ('acme', 'redemption', 'key-1', repeat('1', 64), '{"state":"reserved"}', '2026-03-04T12:00Z'),
    ('acme', 'payout_run', 'key-1', repeat('2', 64), '{"state":"open"}', '2026-03-04T12:00Z');
insert into accounts (community, account_id, owner, kind, currency) values
    ('acme', 'c0000000-0000-5000-8000-000000000001', null, 'points_issued', 'PTS'),
    ('acme', 'c0000000-0000-5000-8000-000000000002', 'a0000000-0000-5000-8000-000000000001', 'available', 'PTS');
insert into transfers values
    ('acme', 'd0000000-0000-8000-8000-000000000001', 'award', '0195619f-5a00-8e00-8000-000000000001',
     '2026-03-04T12:00Z', '2026-03-04T12:00Z', null);
insert into entries values
    ('acme', 'c0000000-0000-5000-8000-000000000001', '2026-03-04T12:00Z', 'd0000000-0000-8000-8000-000000000001',
     -500, 'PTS'),
    ('acme', 'c0000000-0000-5000-8000-000000000002', '2026-03-04T12:00Z', 'd0000000-0000-8000-8000-000000000001',
     500, 'PTS');
insert into balances values
    ('acme', 'c0000000-0000-5000-8000-000000000001', -500), ('acme', 'c0000000-0000-5000-8000-000000000002', 500);
insert into lots values
    ('acme', '0195619f-5a00-8e00-8000-000000000001', 'a0000000-0000-5000-8000-000000000001', 500, 500,
     '2026-03-04T12:00Z', null, null);
insert into redemptions values
    ('acme', 'f0000000-0000-5000-8000-000000000001', 'a0000000-0000-5000-8000-000000000001', 'stickers', 'Stickers',
     50, 'cancelled', '2026-03-04T12:00Z', '2026-03-04T12:15Z', '2026-03-04T12:01Z', 'k1');
insert into lot_uses values
    ('acme', 'f0000000-0000-5000-8000-000000000001', '0195619f-5a00-8e00-8000-000000000001', 50);
insert into payees values
    ('acme', 'a0000000-0000-5000-8000-000000000001', 'Ada', 'NL91ABNA0417164300', null, '2026-03-04T12:00Z', 'k1');
insert into payout_runs values
    ('acme', 'b1000000-0000-5000-8000-000000000001', 'filed', 'starter', 1, 'EUR', 100, 100, 500, 'Acme',
     'DE89370400440532013000', 'COBADEFFXXX', true, '2026-03-05T12:00Z', 'k1', '2026-03-05T12:01Z', 'k2');
insert into payouts values
    ('acme', 'b2000000-0000-5000-8000-000000000001', 'b1000000-0000-5000-8000-000000000001',
     'a0000000-0000-5000-8000-000000000001', 'submitted', 500, 500, 'EUR', 'b2000000000050008000000000000001', 'Ada',
     'NL91ABNA0417164300', null, null, '2026-03-05T12:00Z', '2026-03-05T12:02Z');
insert into payout_changes values
    ('acme', 'b2000000-0000-5000-8000-000000000001', 'submitted', '2026-03-05T12:02Z', 'k1', null);
insert into payout_files values
    ('acme', 'b1000000-0000-5000-8000-000000000001', 'b1000000000050008000000000000001', '\x3c', repeat('3', 64), 1,
     500, '2026-03-05T12:02Z', 'k1');
