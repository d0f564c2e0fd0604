// DDL of schemas that are awkward to make and to drop.
#include "ddl.hpp"

#include <corm/corm.hpp>

using namespace corm::test;
using Model = corm::schema::Database;

namespace {

/// Makes a copy of a schema from its model, compares both, and drops the copy.
void check_copy(const std::string& setup) {
    const corm::test::Database original{setup}, copy;
    const Model model = Reflector{original.url()}.reflect();
    Maker maker{copy.url()};
    maker.create(model);
    CHECK(maker.reflect() == model);
    CHECK(differences(dump(copy.url()), dump(original.url())) == "");
    maker.drop(model);
    CHECK(maker.reflect() == Reflector{corm::test::Database{}.url()}.reflect());
}

} // namespace

TEST_CASE("partitions keep names of their own for what they have from their parent", "[schema][ddl][integration]") {
    check_copy("create table device (id int primary key);"
               "create table reading (id int not null, device int, constraint own_fk foreign key (device) references "
               "device, constraint own_key primary key (id), constraint positive check (id > 0));"
               "create unique index own_index on reading (id, device);"
               "create table readings (device int, id int not null, primary key (id), check (id < 1000), "
               "constraint positive check (id > 0)) partition by list (id);"
               "alter table readings drop constraint readings_id_check;"
               "create unique index on readings (id, device);"
               "alter table readings add constraint of_device foreign key (device) references device;"
               "alter table readings attach partition reading for values in (1);"
               "comment on constraint own_fk on reading is 'mine'; comment on index own_index is 'mine too'");
}

TEST_CASE("foreign keys of partitions in a circle are added late, by their own names", "[schema][ddl][integration]") {
    check_copy("create table z (id int primary key, other int) partition by range (id);"
               "create table z_1 (id int not null, other int) partition by range (id);"
               "create table a (id int primary key, z int references z);"
               "create table z_2 (id int not null, other int, constraint own_fk foreign key (other) references a);"
               "alter table z add constraint z_fk foreign key (other) references a;"
               "alter table z attach partition z_1 for values from (1) to (100);"
               "alter table z_1 attach partition z_2 for values from (1) to (10);"
               "create table z_3 partition of z_1 for values from (10) to (20);"
               "create table z_rest partition of z default");
}

TEST_CASE("indexes that not all partitions have are attached through every level", "[schema][ddl][integration]") {
    check_copy("create table top (id int, v int) partition by range (id);"
               "create table mid partition of top for values from (0) to (100) partition by range (id);"
               "create table low partition of mid for values from (0) to (10);"
               "create table lone partition of top default;"
               "create index on top (id);"
               "create index top_v on only top (v); create index mid_v on only mid (v); create index low_v on low (v);"
               "alter index top_v attach partition mid_v; alter index mid_v attach partition low_v;"
               "comment on index top_v is 'not everywhere'");
}

TEST_CASE("children keep what they have changed of their parents", "[schema][ddl][integration]") {
    check_copy("create table parent (id int not null default 1, name text default 'x', body text, g int generated "
               "always as (1) stored);"
               "alter table parent alter column body set storage external;"
               "create table child (extra int) inherits (parent);"
               "alter table only child alter column id drop not null, alter column id drop default, alter column name "
               "set default 'y', alter column body set storage main;"
               "alter table only child alter column name set not null;"
               "create table other (name text not null); create table mixed () inherits (parent, other)");
}

TEST_CASE("a table that was made a child later keeps the order of its columns", "[schema][ddl][integration]") {
    check_copy("create table parent (a int, b int, constraint fine check (a > 0));"
               "create table child (x int, b int, a int, constraint fine check (a > 0));"
               "alter table child inherit parent");
}

TEST_CASE("constraints that are not valid reach children as they are", "[schema][ddl][integration]") {
    check_copy("create table parent (a int); create table child () inherits (parent);"
               "create table parts (a int) partition by list (a); create table part partition of parts default;"
               "alter table parent add constraint later check (a > 0) not valid;"
               "alter table parts add constraint later check (a > 0) not valid;"
               "comment on constraint later on child is 'inherited'; comment on constraint later on part is 'too'");
}

TEST_CASE("foreign keys may lead to unique indexes, of the table itself too", "[schema][ddl][integration]") {
    check_copy("create table z (id int, code text); create unique index z_code on z (code);"
               "create table a (z text references z (code));"
               "create table tree (id int, parent int); create unique index tree_id on tree (id);"
               "alter table tree add foreign key (parent) references tree (id)");
}

TEST_CASE("types may be made of rows, and of each other, in any order of names", "[schema][ddl][integration]") {
    check_copy("create type z as enum ('x'); create domain y as z[]; create type x as (one y); create domain w as x;"
               "create table v (w w); create type u as (row v, many v[]); create table t (u u);"
               "create domain d as v check ((value).w is not null); create table c (d d);"
               "create view b as select (u).row from t; create view a as select * from b; create table s (of_view a)");
}

TEST_CASE("sequences that several tables use are dropped last", "[schema][ddl][integration]") {
    check_copy("create table z (id serial primary key); create table a (id int default nextval('z_id_seq'));"
               "create sequence \"Odd \"\"seq\"; create table \"Odd.t\" (id bigint default nextval('\"Odd \"\"seq\"'));"
               "alter sequence \"Odd \"\"seq\" owned by \"Odd.t\".id;"
               "create table b (id bigint default nextval('\"Odd \"\"seq\"'));"
               "create domain numbered as bigint default nextval('z_id_seq')");
}

TEST_CASE("identity and serial sequences keep names and options", "[schema][ddl][integration]") {
    check_copy("create table t (a smallint generated always as identity (increment -2), b int generated by default as "
               "identity (start 5 minvalue 3 maxvalue 2000), c bigint generated always as identity (sequence name odd "
               "cycle), d smallserial, e bigserial);"
               "create sequence down increment -1; create sequence mixed increment -1 minvalue 1 maxvalue 10 start 5;"
               "create sequence s as integer start 7");
}

TEST_CASE("tables in circles of circles are made and dropped", "[schema][ddl][integration]") {
    std::string setup = "create table hub (id int primary key);";
    for (const char* name : {"a", "b", "c", "d"})
        setup += std::string{"create table "} + name +
                 " (id int primary key references hub, next int, self int "
                 "references " +
                 name + ");";
    for (const char* pair : {"ab", "ba", "bc", "cd", "db", "ac"})
        setup += std::string{"alter table "} + pair[0] + " add foreign key (next) references " + pair[1] +
                 (pair[0] == 'b' ? " deferrable initially deferred;" : ";");
    check_copy(setup);
}

TEST_CASE("texts with quotes and backslashes arrive as they are", "[schema][ddl][integration]") {
    check_copy("create type \"a\"\"b\\c\" as enum ('it''s', 'back\\slash', '\"', E'line\\nbreak');"
               "comment on type \"a\"\"b\\c\" is E'\\\\ '' \" \\t $1 ; --';"
               "create table \"t;--\" (\"x''y\" \"a\"\"b\\c\" default 'back\\slash');"
               "comment on column \"t;--\".\"x''y\" is '$$';"
               "create view \"v w\" as select 'a;b' as \"as\", \"x''y\" from \"t;--\"");
}
