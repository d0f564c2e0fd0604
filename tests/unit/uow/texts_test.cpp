// The SQL of each shape of flush statement, word for word. Integration tests prove that it means what it should.
#include "support.hpp"

#include "uow/statement_texts.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace uow_test;
using corm::uow::ColumnIndex;
using corm::uow::StatementTexts;

namespace {

template <class T>
const StatementTexts& texts() {
    return corm::mapping::mapper_of<T>()->template extension<StatementTexts>();
}
using Columns = std::vector<ColumnIndex>;

constexpr ColumnIndex name_and_age[] = {1, 3};
constexpr ColumnIndex quantity[] = {3};
constexpr ColumnIndex tags[] = {2};

} // namespace

TEST_CASE("selects by key name every column", "[uow][unit]") {
    CHECK(*texts<User>().select_by_key({}) ==
          R"(SELECT "id", "name", "email", "age", "version" FROM "app"."users" WHERE "id" = $1)");
    CHECK(*texts<Line>().select_by_key({}) == R"(SELECT "order_no", "line_no", "article", "quantity" FROM "lines" )"
                                              R"(WHERE "order_no" = $1 AND "line_no" = $2)");
    const corm::sql::Lock lock{corm::sql::LockMode::no_key_update, corm::sql::LockWait::skip_locked, {}};
    CHECK(*texts<Tick>().select_by_key(lock) ==
          R"(SELECT "id" FROM "ticks" WHERE "id" = $1 FOR NO KEY UPDATE SKIP LOCKED)");
}

TEST_CASE("inserts", "[uow][unit]") {
    CHECK(*texts<User>().insert(columns_of<User>(true), false) ==
          R"(WITH i AS (INSERT INTO "app"."users" ("name", "email", "age", "version") VALUES ($1, $2, $3, $4) )"
          R"(RETURNING "id" AS k), a AS (SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm missing ' || )"
          R"(count(*)::text)::int4 END AS missing FROM i) SELECT a.missing, i.k FROM a LEFT JOIN i ON true)");
    CHECK(*texts<User>().insert(columns_of<User>(true), true) ==
          R"(WITH i AS (INSERT INTO "app"."users" ("name", "email", "age", "version") SELECT x.c1, x.c2, x.c3, x.c4 )"
          R"(FROM unnest($1::text[], $2::text[], $3::int4[], $4::int4[]) WITH ORDINALITY x(c1, c2, c3, c4, ord) )"
          R"(ORDER BY x.ord RETURNING "id" AS k), a AS (SELECT CASE WHEN count(*) = cardinality($1) THEN 0 ELSE )"
          R"(('corm missing ' || count(*)::text)::int4 END AS missing FROM i) SELECT a.missing, i.k FROM a LEFT JOIN )"
          R"(i ON true ORDER BY i.k)");
    CHECK(*texts<Line>().insert(columns_of<Line>(false), true) ==
          R"(WITH i AS (INSERT INTO "lines" ("order_no", "line_no", "article", "quantity") SELECT x.c1, x.c2, x.c3, )"
          R"(x.c4 FROM unnest($1::int4[], $2::int2[], $3::text[], $4::int4[]) WITH ORDINALITY x(c1, c2, c3, c4, ord) )"
          R"(ORDER BY x.ord RETURNING 1) SELECT CASE WHEN count(*) = cardinality($1) THEN 0 ELSE )"
          R"(('corm missing ' || count(*)::text)::int4 END FROM i)");
    CHECK(
        *texts<Tick>().insert(columns_of<Tick>(true), false) ==
        R"(WITH i AS (INSERT INTO "ticks" DEFAULT VALUES RETURNING "id" AS k), a AS (SELECT CASE WHEN count(*) = 1 )"
        R"(THEN 0 ELSE ('corm missing ' || count(*)::text)::int4 END AS missing FROM i) SELECT a.missing, i.k FROM a )"
        R"(LEFT JOIN i ON true)");
}

TEST_CASE("updates", "[uow][unit]") {
    CHECK(*texts<User>().update(name_and_age, false) ==
          R"(WITH u AS (UPDATE "app"."users" t SET "name" = $2, "age" = $3, "version" = t."version" + 1 WHERE )"
          R"(t."id" = $1 AND t."version" = $4 RETURNING 1) SELECT CASE WHEN count(*) = 1 THEN 0 ELSE )"
          R"(('corm found ' || repeat('1,', count(*)::int4))::int4 END FROM u)");
    CHECK(
        *texts<Line>().update(quantity, false) ==
        R"(WITH u AS (UPDATE "lines" t SET "quantity" = $3 WHERE t."order_no" = $1 AND t."line_no" = $2 RETURNING 1) )"
        R"(SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm found ' || repeat('1,', count(*)::int4))::int4 END FROM u)");
    CHECK(*texts<User>().update(name_and_age, true) ==
          R"(WITH u AS (UPDATE "app"."users" t SET "name" = x.c1, "age" = x.c2, "version" = t."version" + 1 FROM )"
          R"(unnest($1::int8[], $2::text[], $3::int4[], $4::int4[]) WITH ORDINALITY x(k1, c1, c2, v, ord) WHERE )"
          R"(t."id" = x.k1 AND t."version" = x.v RETURNING x.ord) SELECT CASE WHEN count(*) = cardinality($1) THEN 0 )"
          R"(ELSE ('corm found ' || coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END FROM u)");
    CHECK(*texts<Line>().update(quantity, true) ==
          R"(WITH u AS (UPDATE "lines" t SET "quantity" = x.c1 FROM unnest($1::int4[], $2::int2[], $3::int4[]) )"
          R"(WITH ORDINALITY x(k1, k2, c1, ord) WHERE t."order_no" = x.k1 AND t."line_no" = x.k2 RETURNING x.ord) )"
          R"(SELECT CASE WHEN count(*) = cardinality($1) THEN 0 ELSE ('corm found ' || )"
          R"(coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END FROM u)");
}

TEST_CASE("what the server fills in comes back with the check", "[uow][unit]") {
    const Columns left{0, 2};     // without the default
    const Columns given{0, 1, 2}; // with it
    const Columns revision{2};
    CHECK(
        *texts<Stamped>().insert(left, false) ==
        R"(WITH i AS (INSERT INTO "stamped" ("id", "revision") VALUES ($1, $2) RETURNING "kind" AS r1, "shout" AS r2), )"
        R"(a AS (SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm missing ' || count(*)::text)::int4 END AS )"
        R"(missing FROM i) SELECT a.missing, i.r1, i.r2 FROM a LEFT JOIN i ON true)");
    CHECK(
        *texts<Stamped>().insert(given, true) ==
        R"(WITH i AS (INSERT INTO "stamped" ("id", "kind", "revision") SELECT x.c1, x.c2, x.c3 FROM )"
        R"(unnest($1::int4[], $2::text[], $3::int4[]) WITH ORDINALITY x(c1, c2, c3, ord) ORDER BY x.ord RETURNING )"
        R"("shout" AS r1, "id" AS k0), a AS (SELECT CASE WHEN count(*) = cardinality($1) THEN 0 ELSE )"
        R"(('corm missing ' || count(*)::text)::int4 END AS missing FROM i) SELECT a.missing, i.r1, i.k0 FROM a LEFT )"
        R"(JOIN i ON true)");
    CHECK(*texts<Stamped>().update(revision, false) ==
          R"(WITH u AS (UPDATE "stamped" t SET "revision" = $2 WHERE t."id" = $1 RETURNING 1, t."revision" AS r1, )"
          R"(t."shout" AS r2), a AS (SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm found ' || repeat('1,', )"
          R"(count(*)::int4))::int4 END AS missing FROM u) SELECT a.missing, u.r1, u.r2 FROM a LEFT JOIN u ON true)");
    CHECK(*texts<Stamped>().update(revision, true) ==
          R"(WITH u AS (UPDATE "stamped" t SET "revision" = x.c1 FROM unnest($1::int4[], $2::int4[]) WITH ORDINALITY )"
          R"(x(k1, c1, ord) WHERE t."id" = x.k1 RETURNING x.ord, t."revision" AS r1, t."shout" AS r2), a AS (SELECT )"
          R"(CASE WHEN count(*) = cardinality($1) THEN 0 ELSE ('corm found ' || )"
          R"(coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END AS missing FROM u) SELECT a.missing, u.r1, )"
          R"(u.r2 FROM a LEFT JOIN u ON true ORDER BY u.ord)");
    CHECK(texts<Stamped>().remove(true)->find("r1") == std::string::npos);
}

TEST_CASE("array columns travel as literals and are cast row by row", "[uow][unit]") {
    const std::string insert = *texts<Order>().insert(columns_of<Order>(true), true);
    CHECK(insert.find(R"(SELECT x.c1, x.c2::int4[] FROM unnest($1::int8[], $2::text[]))") != std::string::npos);
    const std::string update = *texts<Order>().update(tags, true);
    CHECK(update.find(R"(SET "tags" = x.c1::int4[] FROM unnest($1::int8[], $2::text[]) )") != std::string::npos);
    // A single row needs no unnest, which would flatten it.
    CHECK(texts<Order>().update(tags, false)->find(R"(SET "tags" = $2 WHERE t."id" = $1)") != std::string::npos);
}

TEST_CASE("deletes", "[uow][unit]") {
    CHECK(
        *texts<User>().remove(false) ==
        R"(WITH u AS (DELETE FROM "app"."users" t WHERE t."id" = $1 AND t."version" = $2 RETURNING 1) SELECT CASE WHEN )"
        R"(count(*) = 1 THEN 0 ELSE ('corm found ' || repeat('1,', count(*)::int4))::int4 END FROM u)");
    CHECK(
        *texts<User>().remove(true) ==
        R"(WITH u AS (DELETE FROM "app"."users" t USING unnest($1::int8[], $2::int4[]) WITH ORDINALITY x(k1, v, ord) )"
        R"(WHERE t."id" = x.k1 AND t."version" = x.v RETURNING x.ord) SELECT CASE WHEN count(*) = cardinality($1) )"
        R"(THEN 0 ELSE ('corm found ' || coalesce(array_to_string(array_agg(ord), ','), ''))::int4 END FROM u)");
}

TEST_CASE("a rearrangement checks the version and does not count it up", "[uow][unit]") {
    CHECK(*texts<User>().rearrange(Columns{2}, false) ==
          R"(WITH u AS (UPDATE "app"."users" t SET "email" = $2 WHERE t."id" = $1 AND t."version" = $3 RETURNING 1) )"
          R"(SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm found ' || repeat('1,', count(*)::int4))::int4 END )"
          R"(FROM u)");
    CHECK(texts<User>()
              .rearrange(Columns{2}, true)
              ->find(R"(SET "email" = x.c1 FROM unnest($1::int8[], $2::text[], )"
                     R"($3::int4[]))") != std::string::npos);
}

TEST_CASE("rows that are not confirmed are written without a check", "[uow][unit]") {
    CHECK(*texts<Guest>().update(Columns{1}, false) == R"(UPDATE "guests" t SET "name" = $2 WHERE t."id" = $1)");
    CHECK(*texts<Guest>().update(Columns{1}, true) ==
          R"(UPDATE "guests" t SET "name" = x.c1 FROM unnest($1::int8[], $2::text[]) WITH ORDINALITY x(k1, c1, ord) )"
          R"(WHERE t."id" = x.k1)");
    CHECK(*texts<Guest>().remove(false) == R"(DELETE FROM "guests" t WHERE t."id" = $1)");
    CHECK(*texts<Guest>().insert(Columns{0, 1}, false) == R"(INSERT INTO "guests" ("id", "name") VALUES ($1, $2))");
    // A generated key has to come back.
    CHECK(texts<Guest>().insert(Columns{1}, true)->find("corm missing") != std::string::npos);
    // What finds no row comes back as NULL, in its place.
    CHECK(*texts<Visit>().update(Columns{1}, true) ==
          R"(WITH u AS (UPDATE "visits" t SET "note" = x.c1 FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY )"
          R"(x(k1, c1, ord) WHERE t."id" = x.k1 RETURNING x.ord, t."seen" AS r1) SELECT u.ord, u.r1 FROM )"
          R"(generate_series(1, cardinality($1)) n LEFT JOIN u ON u.ord = n ORDER BY n)");
    CHECK(*texts<Visit>().update(Columns{1}, false) ==
          R"(WITH u AS (UPDATE "visits" t SET "note" = $2 WHERE t."id" = $1 RETURNING 1 AS ord, t."seen" AS r1) )"
          R"(SELECT u.ord, u.r1 FROM (SELECT) a LEFT JOIN u ON true)");
    CHECK(*texts<Visit>().insert(Columns{0, 1}, false) ==
          R"(WITH i AS (INSERT INTO "visits" ("id", "note") VALUES ($1, $2) RETURNING "seen" AS r1, 1 AS ord) )"
          R"(SELECT i.ord, i.r1 FROM (SELECT) a LEFT JOIN i ON true)");
    CHECK(texts<Visit>()
              .insert(Columns{0, 1}, true)
              ->ends_with(R"( RETURNING "seen" AS r1, "id" AS k0, 1 AS ord) SELECT i.ord, i.r1, i.k0 FROM i)"));
    // A version is checked by the row that it finds.
    CHECK(texts<Ticket>().update(Columns{1}, true)->find("corm found") != std::string::npos);
    CHECK(texts<Ticket>().remove(true)->find("corm found") == std::string::npos);
}

TEST_CASE("deletes of all rows of some objects lock them by key, and find them by the same condition", "[uow][unit]") {
    constexpr ColumnIndex order[] = {0};
    CHECK(*texts<Line>().remove_where(order) ==
          R"(DELETE FROM "lines" t USING unnest($1::int4[]) x(c1) WHERE t."order_no" = x.c1 AND (SELECT count(*) FROM )"
          R"((SELECT FROM "lines" t JOIN unnest($1::int4[]) x(c1) ON t."order_no" = x.c1 ORDER BY t."order_no", )"
          R"(t."line_no" FOR UPDATE OF t) l) >= 0)");
}

TEST_CASE("the lock ahead of the writes is as strong as they are", "[uow][unit]") {
    CHECK(*texts<User>().lock_rows(false) == R"(SELECT FROM "app"."users" t WHERE t."id" = ANY ($1::int8[]) )"
                                             R"(ORDER BY t."id" FOR NO KEY UPDATE OF t)");
    CHECK(*texts<Line>().lock_rows(true) ==
          R"(SELECT FROM "lines" t JOIN unnest($1::int4[], $2::int2[]) x(k1, k2) ON t."order_no" = x.k1 )"
          R"(AND t."line_no" = x.k2 ORDER BY t."order_no", t."line_no" FOR UPDATE OF t)");
}

TEST_CASE("texts are made once per shape, whatever the number of rows", "[uow][unit]") {
    CHECK(texts<User>().update(name_and_age, true) == texts<User>().update(name_and_age, true));
    CHECK(texts<User>().update(name_and_age, true) != texts<User>().update(name_and_age, false));
    CHECK(texts<User>().insert(columns_of<User>(true), true) == texts<User>().insert(columns_of<User>(true), true));
    CHECK(texts<User>().remove(true) == texts<User>().remove(true));
    CHECK(texts<User>().lock_rows(true) == texts<User>().lock_rows(true));
    CHECK(texts<User>().lock_rows(true) != texts<User>().lock_rows(false));
    CHECK(texts<User>().select_by_key({}) == texts<User>().select_by_key({}));
    const corm::sql::Lock lock{};
    CHECK(texts<User>().select_by_key(lock) == texts<User>().select_by_key(lock));
    // Columns 1 and 12 are another shape than columns 11 and 2 would be.
    CHECK(texts<User>().update(Columns{1}, false) != texts<User>().update(Columns{3}, false));

    const auto text_for = [](int rows) {
        const auto session = Session::create();
        for (int n = 0; n < rows; ++n)
            session->add(User{.name = std::to_string(n)});
        return session->uow.plan().statements.at(0).text;
    };
    CHECK(text_for(2) == text_for(300));
}

TEST_CASE("a wide table does not keep a text for every set of its columns", "[uow][unit]") {
    corm::mapping::RecordDefinition wide = corm::mapping::define("wide");
    for (int i = 0; i < 12; ++i)
        wide.column<std::int32_t>("c" + std::to_string(i));
    const auto mapper = wide.primary_key({"c0"}, true).build();
    const StatementTexts kept{*mapper};
    std::vector<std::weak_ptr<const std::string>> made;
    for (unsigned subset = 1; subset < 2048; ++subset) {
        Columns columns;
        for (unsigned i = 0; i < 11; ++i) {
            if ((subset >> i & 1) != 0)
                columns.push_back(static_cast<ColumnIndex>(i + 1));
        }
        const auto text = kept.update(columns, false);
        CHECK(text == kept.update(columns, false));
        made.push_back(text);
    }
    const auto alive = std::count_if(made.begin(), made.end(), [](const auto& text) { return !text.expired(); });
    CHECK(alive <= 512);
}

TEST_CASE("identifiers are quoted wherever they come from", "[uow][unit]") {
    const auto mapper = corm::mapping::define("odd \" table", "odd.schema")
                            .column<std::int32_t>("key; --")
                            .column<std::int32_t>("SELECT")
                            .primary_key({"key; --"}, true)
                            .build();
    const StatementTexts odd{*mapper};
    CHECK(*odd.select_by_key({}) ==
          R"(SELECT "key; --", "SELECT" FROM "odd.schema"."odd "" table" WHERE "key; --" = $1)");
    CHECK(odd.remove(true)->find(R"(DELETE FROM "odd.schema"."odd "" table" t)") != std::string::npos);
}
