insert into programme_heads values ('acme', 'starter', 1);
insert into programme_versions values
    ('acme', 1, 'starter', 'Starter', '2026-03-01T00:00Z', '2026-03-01T00:00Z', 'grace', 'programme: starter',
     '{"programme": "starter", "title": "Starter", "rules": []}', repeat('0', 64));
insert into activities (community, event_uid, scored, retracted, event_time) values
    ('acme', 'e0000000-0000-5000-8000-000000000001', true, false, '2026-03-04T12:00Z'),
    ('acme', 'e0000000-0000-5000-8000-000000000002', true, true, '2026-03-04T12:00Z');
insert into awards (community, event_uid, award_id, member_id, points, rule_id, slot, programme_id,
                    programme_version, event_type, event_time, received_at, recorded_at, reverses) values
    ('acme', 'e0000000-0000-5000-8000-000000000001', '0195619f-5a00-8e00-8000-000000000001',
     'a0000000-0000-5000-8000-000000000001', 5, 'post', 'actor', 'starter', 1, 'forum.post.v1',
     '2026-03-04T12:00Z', '2026-03-04T12:00Z', '2026-03-04T12:00Z', null),
    ('acme', 'e0000000-0000-5000-8000-000000000002', '0195619f-5a00-8e00-8000-000000000002',
     'a0000000-0000-5000-8000-000000000001', 5, 'post', 'actor', 'starter', 1, 'forum.post.v1',
     '2026-03-04T12:00Z', '2026-03-04T12:00Z', '2026-03-04T12:00Z', null),
    ('acme', 'e0000000-0000-5000-8000-000000000002', '0195619f-5a00-8e00-8000-000000000003',
     'a0000000-0000-5000-8000-000000000001', -5, 'post', 'actor', 'starter', 1, 'forum.post.v1',
     '2026-03-04T12:00Z', '2026-03-04T12:00Z', '2026-03-04T12:00Z', '0195619f-5a00-8e00-8000-000000000002');
insert into declined values
    ('acme', 'e0000000-0000-5000-8000-000000000001', 'reply', 'reply_author', 'no_beneficiary', '');
insert into cap_usage values ('acme', 'a0000000-0000-5000-8000-000000000001', 'post', '2026-03-04', 10);
