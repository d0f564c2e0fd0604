-- What gives a generator of C++ something to think about: names, sizes, keys. With rows.
create schema crm;
create schema shop;
create table crm."user" (id int generated always as identity primary key, "class" text not null, _id int,
                         "_Id" int, a__b int, "a-b" int, "EOF" int, std text, corm text, "User" int, "2nd" text,
                         "名前" text, "??=" text, "tab	x" text);
create table shop."user" (id bigint primary key, name text);
comment on table crm."user" is E'A comment */ with\nlines \\';
comment on column crm."user"."class" is E'ends with \\';
create table shop.order_ (id int primary key);
create table shop.orders (id int primary key, status text not null default 'new', "order" int references shop.order_);
create table shop.status (id int primary key);
create type shop.status_kind as enum ('open', 'closed');
create type shop.status_word as enum ('new', 'old');
create table shop.status_kind_use (id int primary key, kind shop.status_kind not null, word shop.status_word,
                                   kinds shop.status_kind[]);
create sequence shop.shared_ids;
create table shop.letter (id bigint primary key default nextval('shop.shared_ids'), text text);
create table shop.parcel (id bigint primary key default nextval('shop.shared_ids'), letter_id bigint unique
                          references shop.letter on delete set null);
-- A key of another type, a key that is no primary key, one that is a text form, and an integer that refers to a number
create table shop.by_address (address inet primary key, kind shop.status_kind);
create table shop.by_unique (code text not null unique, other int unique);
create table shop.by_kind (kind shop.status_kind primary key);
create table shop.of_kind (id int primary key, kind shop.status_kind references shop.by_kind, address inet
                           references shop.by_address);
create table shop.by_numeric (id numeric primary key);
create table shop.by_number (id int primary key, numeric_id bigint references shop.by_numeric);
create table shop.versioned (id uuid primary key, version int not null default 1, name text unique deferrable);
-- Composites, of composites too, and types with headers of their own
create type shop.route as ();
create type shop.spot as (x int, "class" text, kinds shop.status_kind[]);
alter type shop.route add attribute stops shop.spot[], add attribute "from" shop.spot, add attribute hours int4range;
create type shop.odd as ("where" point);
create table shop.journey (id int primary key, route shop.route not null, spots shop.spot[], odd shop.odd,
                           ports int4range not null, days datemultirange, flags bit(3), flag_list bit(3)[],
                           mask varbit, card macaddr, net cidr, nets cidr[]);
-- More members than BOOST_DESCRIBE_STRUCT takes, and relations there
do $$
begin
    execute (select 'create table shop.wide (id int primary key, ' || string_agg('c' || i || ' int', ', ') || ')'
             from generate_series(1, 120) i);
    execute (select 'create table shop.hub (id int primary key, wide_id int references shop.wide, '
                    || string_agg('wide_' || i || '_id int references shop.wide', ', ') || ')'
             from generate_series(1, 60) i);
end
$$;

insert into crm."user" ("class", "2nd", "名前", "tab	x") values ('x', 'second', '名', 'x');
insert into shop."user" values (1, 'Ada');
insert into shop.order_ values (1);
insert into shop.orders values (1, 'paid', 1), (2, 'new', null);
insert into shop.status values (1);
insert into shop.status_kind_use values (1, 'closed', 'new', '{open,NULL}');
insert into shop.letter (text) values ('a'), ('b');
insert into shop.parcel (letter_id) values (1), (null);
insert into shop.by_address values ('10.0.0.1', 'open');
insert into shop.journey values (1, row(array[row(1, 'a', '{open}')::shop.spot, null], null, '[1,5]'),
                                 array[row(null, null, null)::shop.spot], row('(1,2)'), '[1,2]',
                                 '{[2024-01-01,2024-01-02)}', b'101', array[b'101'], b'1', '08:00:2b:01:02:03',
                                 '10.0.0.0/8', array['10.0.0.0/8'::cidr, null]);
insert into shop.by_unique values ('a', null);
insert into shop.by_kind values ('open');
insert into shop.of_kind values (1, 'open', '10.0.0.1'), (2, null, null);
insert into shop.by_numeric values (1);
insert into shop.by_number values (1, 1);
insert into shop.versioned values ('00000000-0000-0000-0000-000000000001', 1, 'one');
insert into shop.wide (id, c1, c120) values (1, 1, 120);
insert into shop.hub (id, wide_id, wide_60_id) values (1, 1, 1);
