insert into events values ('acme', 'e0000000-0000-5000-8000-000000000001', '\x00112233445566778899aabbccddeeff');
insert into receipts values
    ('acme', 'r019c0f0e5a00-1', 0, 'e0000000-0000-5000-8000-000000000001', 'accepted', null),
    ('acme', 'r019c0f0e5a00-2', 0, 'e0000000-0000-5000-8000-000000000001', 'conflict', 'other content');
insert into members (community, member_id, name, channel, first_seen_at, revision) values
    ('acme', 'a0000000-0000-5000-8000-000000000001', 'Ada', 'forum', '2026-03-04T12:00Z', 2),
    ('acme', 'a0000000-0000-5000-8000-000000000002', null, 'chat', '2026-03-04T12:00Z', 1);
insert into identities values
    ('acme', 'forum', 'ada', 'a0000000-0000-5000-8000-000000000001'),
    ('acme', 'chat', 'U1', 'a0000000-0000-5000-8000-000000000001'),
    ('acme', 'chat', 'U2', 'a0000000-0000-5000-8000-000000000002');
