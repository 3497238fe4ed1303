insert into programmes values
    ('acme', 1, 'starter', '2026-03-01T00:00Z', '{"badges": [{"id": "first", "title": "First", "at_least": 1}]}');
insert into programmes_in_force values ('acme', 1, '00000000-0000-0000-0000-000000000000', true);
insert into applied_awards values ('acme', '0195619f-5a00-8e00-8000-000000000001');
insert into members (community, member_id, points, awards_by_rule, standing, last_award_id, version) values
    ('acme', 'a0000000-0000-5000-8000-000000000001', 5, '{"post": 1}',
     '{"badge:first": ["b0000000-0000-5000-8000-000000000001", "First"]}',
     '0195619f-5a00-8e00-8000-000000000001', 1);
insert into board_points (community, period, starts_on, member_id, points) values
    ('acme', 'month', '2026-03-01', 'a0000000-0000-5000-8000-000000000001', 5),
    ('acme', 'week', '2026-03-02', 'a0000000-0000-5000-8000-000000000001', 5);
insert into grants values
    ('acme', 'b0000000-0000-5000-8000-000000000001', 'a0000000-0000-5000-8000-000000000001', 'badge', 'first',
     'First', '0195619f-5a00-8e00-8000-000000000001', '2026-03-04T12:00Z', 1, null, '2026-03-04T12:00Z');
insert into holders values ('acme', 'badge', 'first', 1);
insert into member_names values
    ('acme', 'a0000000-0000-5000-8000-000000000001', 2, 'Ada'),
    ('acme', 'a0000000-0000-5000-8000-000000000002', 1, null);
