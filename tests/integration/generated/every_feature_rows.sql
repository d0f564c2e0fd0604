-- Rows for every table of every_feature.sql that has a key.
insert into app.country values ('DE', 'Deutschland', 276), ('FR', 'France', null);
insert into app.customer (mail, name, colours, discount, labels, place, places, span, spans, words, many_words, born,
                          wakes, break, any_number, negative_scale, bits, more_bits, letter, flags, matrix, address,
                          document, raw, nickname, is_a, "Weird ""name"".x", "ünï")
values ('ada@example.org', 'Ada', '{red,Grün,NULL}', 12.5, '{a,NULL}', '(1,2,3)', '{"(1,2,3)"}', '[1,5)', '{[1,2),[4,9)}',
        '[a,b)', '{[a,b)}', '1915-12-10', '07:30+02', '00:10:02.5', 'NaN', 1234, b'10101010', b'101', 'x',
        '{t,NULL,f}', '{1,2,3}', '10.0.0.1/8', '{"a": [1, null]}', '\x00ff', 'ada', 'app.country', 7, 'ü'),
       ('bob@example.org', 'Bob', null, 0, null, null, null, null, null, null, null, null, null, null, null, null, null,
        null, null, '{}', null, null, 'null', null, null, null, null, null);
update app.customer set mood = 'so-so' where name = 'Bob';
insert into app.customer_profile values (1000, 'Countess');
insert into app.passport values (1, 1000, 'DE'), (2, null, null);
insert into app.address (customer_id, billing_customer_id, street) values (1000, 1010, 'One'), (1000, null, 'Two');
insert into app.category (parent_id, twin_of, name) values (null, null, 'all'), (1, 1, 'some'), (1, 2, 'more');
insert into app.product (category_id, sku, price, description, attributes, location)
values (2, 'A-1', 9.99, 'A thing', '{"x": 1}', '(1,2)'), (null, 'A-2', 19.5, null, null, null);
insert into app.tag values (1, 'new'), (2, 'Old'), (3, null);
insert into app.product_tag values (1, 1), (1, 2), (2, 1);
insert into app.product_related values (1, 2), (2, 1), (2, 2);
insert into app.product_rating values (1, 1000, 5), (2, 1000, default);
insert into app.warehouse values ('DE', 1, 'North'), ('DE', 2, 'South'), ('FR', 1, null);
insert into app.stock values (1, 'DE', 1, 'FR', 1, 10), (1, 'DE', 2, null, null, 0), (2, 'FR', 1, 'DE', 2, 3);
insert into app."Order" (customer_id, state) values (1000, 'paid'), (1000, 'new'), (1010, 'sent');
insert into app.order_line values (1, 1, 1, 2, 9.99), (1, 2, 2, 1, 19.5), (2, 1, 1, 1, 9);
insert into app.booking values (1, 7, '[2026-01-01 00:00+00,2026-01-02 00:00+00)', false, '(1,1),(0,0)'),
                               (2, 7, '[2026-01-02 00:00+00,2026-01-03 00:00+00)', true, null);
insert into app.article values (1, 'one', 'One', 'ada', 'Body', '{a,b}', '2026-01-01', '{}', '(1,2)', 'news');
insert into app.vehicle values (1, 4, null), (2, 2, 5);
insert into app.car values (3, 3, 1, 5);
insert into app.device select i, 'device ' || i from generate_series(1, 20) i;
insert into app.measurement values (1, '2024-05-01', 1, 1.5), (2, '2025-05-01', 2, null), (3, '2026-01-01', 3, 2),
                                   (4, '2026-08-01', 4, 7), (5, '1999-01-01', 1, 'NaN');
insert into app.device_note values (1, 1, 'Note'), (2, null, null);
insert into "Odd.Schema"."Tab.le ""q""" values (1, 'x', default, null), (2, null, 2, 2);
insert into "Odd.Schema".child values (1, 1), (2, null);
insert into app.counter (other) values (1), (null);
insert into public.plain (id) values (1), (2);
insert into app.department values (1, null), (2, null);
insert into app.employee values (1, 1), (2, 1), (3, 2);
update app.department set head_id = 1 where id = 1;
insert into app.loose values (1, 1000), (2, null);
