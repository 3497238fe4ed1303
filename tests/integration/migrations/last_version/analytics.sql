insert into events values
    ('acme', 'e0000000-0000-5000-8000-000000000001', '2026-03-04T12:00Z', '2026-03-04T12:00Z',
     'a0000000-0000-5000-8000-000000000001', null, null, null, null, 'forum', 'forum.post.v1',
     'https://forum.example.org', 'post-1');
insert into rejections values
    ('acme', 'r1/0', 'https://forum.example.org', 'post-1', 'conflict', 'other content', '2026-03-04T12:00Z', 'r1', 0);
insert into members values
    ('acme', 'a0000000-0000-5000-8000-000000000001', 2, 'Ada'),
    ('acme', 'a0000000-0000-5000-8000-000000000002', 1, null);
insert into awards values
    ('acme', '0195619f-5a00-8e00-8000-000000000001', 'e0000000-0000-5000-8000-000000000001',
     'a0000000-0000-5000-8000-000000000001', null, '2026-03-04T12:00Z', '2026-03-04T12:00Z', 5, 1, 'post', 'actor',
     'starter');
insert into grants values
    ('acme', 'b0000000-0000-5000-8000-000000000001', 'a0000000-0000-5000-8000-000000000001',
     '0195619f-5a00-8e00-8000-000000000001', null, 'badge', 'first', 'First', '2026-03-04T12:00Z',
     '2026-03-04T12:00Z');
insert into redemptions values
    ('acme', 'f0000000-0000-5000-8000-000000000001', 'a0000000-0000-5000-8000-000000000001', 'stickers', 50,
     'cancelled', '2026-03-04T12:01Z');
insert into redemption_states (community, redemption_id, fact_id, state, changed_at) values
    ('acme', 'f0000000-0000-5000-8000-000000000001', 'f1', 'cancelled', '2026-03-04T12:01Z');
insert into payouts values
    ('acme', 'b2000000-0000-5000-8000-000000000001', 'b1000000-0000-5000-8000-000000000001',
     'a0000000-0000-5000-8000-000000000001', 500, 500, 'EUR', 'b2000000000050008000000000000001', 'submitted',
     '2026-03-05T12:02Z');
insert into payout_states (community, payout_id, fact_id, state, changed_by, reason, changed_at) values
    ('acme', 'b2000000-0000-5000-8000-000000000001', 'f2', 'submitted', 'k1', null, '2026-03-05T12:02Z');
insert into payout_lots values
    ('acme', 'b2000000-0000-5000-8000-000000000001', 1, 0, '0195619f-5a00-8e00-8000-000000000001', 500);
insert into programmes values
    ('acme', 1, 'starter', '2026-03-01T00:00Z', 'grace', '{"rules": [{"id": "post", "title": "Post"}]}');
insert into member_days values ('acme', '2026-03-04', 'a0000000-0000-5000-8000-000000000001', 'forum', 1);
insert into member_firsts values ('acme', 'a0000000-0000-5000-8000-000000000001', '2026-03-04T12:00Z', 'forum');
insert into event_days values ('acme', '2026-03-04', 'forum', 'forum.post.v1', 1);
insert into rule_days values ('acme', '2026-03-04', 'post', 5, 1, 0);
insert into grant_days values ('acme', '2026-03-04', 'badge', 'first', 1, 0);
