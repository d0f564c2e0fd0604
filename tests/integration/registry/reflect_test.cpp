// Tables that are mapped by what the database says of them.
#include "shop.hpp"

#include "support/every_feature.hpp"

#include <corm/orm/registry.hpp>
#include <corm/orm/verification.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace corm::test;
using corm::Registry;
using corm::mapping::live_mappers;
using corm::mapping::RelationKind;

namespace {

std::string relation(const std::shared_ptr<const corm::Mapper>& mapper, const std::string& name) {
    for (const auto& each : mapper->relations()) {
        if (each.name == name)
            return std::to_string(static_cast<int>(each.kind)) + " " + each.target.get().table();
    }
    return "none";
}

} // namespace

TEST_CASE("a schema is mapped with its relations, and used", "[registry][integration]") {
    Sessions s{shop_tables};
    Registry registry;
    s.run([&]() -> corm::Task<> {
        static_cast<void>(s.round_trips());
        const corm::ReflectedTables shop =
            co_await registry.reflect(s.engine, {}, corm::schema::RecordOptions{}.with_version("version"));
        CHECK(s.round_trips() <= 2);
        CHECK(shop.left_out.empty());
        const auto& customers = shop.mappers["customers"];
        const auto& orders = shop.mappers["orders"];
        CHECK(registry.find("public", "orders") == orders);
        CHECK(relation(orders, "customer") == "1 customers");
        CHECK(relation(customers, "orders") == "0 orders");
        CHECK(relation(customers, "address") == "3 addresses");
        CHECK(relation(orders, "labels") == "4 labels");
        CHECK(relation(shop.mappers["labels"], "orders") == "4 orders");
        CHECK(relation(customers, "user") == "1 users");
        CHECK(orders->version_column() >= 0);

        corm::AsyncSession session{s.engine};
        const RecordRef ada = session.add(named(customers, "name", "Ada"));
        const RecordRef order = session.add(corm::Record{orders});
        order.edit().one("customer") = ada;
        order.edit().many("labels").push_back(session.add(named(shop.mappers["labels"], "label", "urgent")));
        ada.edit().one("address") = session.add(named(shop.mappers["addresses"], "town", "London"));
        co_await session.commit();
        CHECK(order->get<std::chrono::sys_days>("placed") == std::chrono::sys_days{std::chrono::January / 1 / 2026});
        CHECK(order->text("placed") == "2026-01-01");
        order.edit().set_text("placed", "2026-02-03");
        co_await session.commit();
        CHECK(order->get<std::int32_t>("version") == 1);
    });
    CHECK(
        s.database.query("select c.name || a.town || o.placed || o.version || l.label from orders o join customers c on"
                         " c.id = o.customer_id join addresses a on a.customer_id = c.id join order_labels ol on"
                         " ol.order_id = o.id join labels l on l.id = ol.label_id") == "AdaLondon2026-02-031urgent");
}

TEST_CASE("one table is mapped, or said why not", "[registry][integration]") {
    Sessions s{"create schema app; create table app.t (id int primary key, at timestamptz, n numeric(9,2) not null);"
               "create table loose (a int); create view seen as select 1 as one;"};
    Registry registry;
    s.run([&]() -> corm::Task<> {
        const auto t = co_await registry.reflect(s.engine, "app", "t");
        CHECK(t->schema() == "app");
        CHECK(registry.find("t") == t);
        CHECK(t->generated_key() == -1); // nothing generates it
        corm::Record row{t};
        row.set<std::int32_t>("id", 7).set<corm::Numeric>("n", corm::Numeric::from_string("1.50"));
        CHECK_FALSE(row.get<std::optional<corm::types::Timestamp>>("at"));
        corm::AsyncSession session{s.engine};
        session.add(row);
        co_await session.commit();
        const auto refused = [&](std::string schema, std::string table) -> corm::Task<std::string> {
            try {
                static_cast<void>(co_await registry.reflect(s.engine, std::move(schema), std::move(table)));
            } catch (const corm::MappingError& error) {
                co_return error.what();
            }
            co_return "nothing was thrown";
        };
        const std::string none = co_await refused("app", "T");
        CHECK(none ==
              "there is no table or view app.T that this role can see; check the name, its case and its schema");
        const std::string loose = co_await refused("", "loose");
        CHECK(loose ==
              "loose cannot be mapped: it has no primary key, and no unique constraint over columns that are NOT "
              "NULL; define it by hand, with the columns that tell its rows apart as primary_key");
        const std::string view = co_await refused("public", "seen");
        CHECK(view ==
              "public.seen cannot be mapped: a view has no key to find its rows by; define it by hand, with the "
              "columns that tell its rows apart as primary_key");
        const std::string again = co_await refused("app", "t");
        CHECK(again == "app.t is mapped already; dispose of its mapper first, or define it in another module");
    });
    CHECK(s.database.query("select id || ' ' || n from app.t") == "7 1.50");
}

TEST_CASE("a database with every feature is mapped, and each table is read", "[registry][integration]") {
    const Database database{every_feature()};
    database.query(every_feature_rows()); // by itself: they use labels that have to be committed
    boost::asio::io_context context;
    corm::Engine engine{context.get_executor(), database.url()};
    Registry registry;
    const std::size_t before = live_mappers();
    std::size_t with_rows = 0, related = 0;
    run_coroutine(context, [&]() -> corm::Task<> {
        const corm::ReflectedTables all = co_await registry.reflect(engine);
        CHECK(all.mappers.size() >= 30);
        const corm::schema::Verification found = co_await corm::verify(engine, registry);
        CHECK(found.ok());
        INFO(found.text());
        corm::AsyncSession session{engine};
        for (const auto& mapper : all.mappers) {
            INFO(mapper->schema() << "." << mapper->table());
            const auto rows = co_await session.all(corm::select(mapper).limit(10));
            with_rows += rows.empty() ? 0 : 1;
            for (const RecordRef& row : rows) {
                // Each value has a text, and the text is the value.
                for (const auto& column : mapper->columns()) {
                    INFO(column.name);
                    CHECK(row->text(column.name).has_value() !=
                          column.type->is_null(column.in(row.instance()->values())));
                    row.edit().set_text(column.name, row->text(column.name));
                    CHECK_FALSE(corm::inspect(row).is_modified());
                }
                const RecordRef again =
                    co_await session.get(mapper, corm::mapping::RecordKey::of(*row), corm::populate_existing);
                CHECK(again == row);
            }
            for (const auto& each : mapper->relations()) {
                INFO(each.name);
                const corm::query::NamedLoad path = corm::load_named(each.name);
                co_await session.load(rows, path);
                for (const RecordRef& row : rows)
                    related += is_to_many(each.kind) ? row->many(each.name).size() : row->one(each.name) ? 1 : 0;
            }
        }
    });
    CHECK(with_rows >= 25);
    CHECK(related >= 30);
    CHECK(live_mappers() == before);
    CHECK(registry.stats().names == 0);
}

TEST_CASE("a schema that has changed is mapped anew, and nothing of the old one stays", "[registry][integration]") {
    Sessions s{"create table t (id bigint generated always as identity primary key, a text);"
               "insert into t (a) values ('x');"};
    Registry registry;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        corm::schema::ReflectOptions which;
        which.tables.push_back({"public", "t"});
        corm::ReflectedTables now = co_await registry.reflect(s.engine, which);
        const std::size_t mappers = live_mappers();
        for (int i = 0; i < 3; ++i) {
            const corm::query::RawStatement change = corm::unsafe_sql("alter table t add column c" + std::to_string(i) +
                                                                      " int not null default " + std::to_string(i));
            static_cast<void>(co_await session.execute(change));
            co_await session.commit();
            registry.dispose(now.mappers["t"]);
            now = co_await registry.reflect(s.engine, which);
            const RecordRef row = co_await session.one(corm::select(now.mappers["t"]));
            CHECK(row->get<std::int32_t>("c" + std::to_string(i)) == i);
            co_await session.rollback();
            session.expunge_all();
        }
        CHECK(live_mappers() == mappers);
    });
}

TEST_CASE("exact types hold what no C++ type does, and relations stay", "[registry][integration]") {
    Sessions s{"create domain later as date;"
               "create table days (day date primary key, note text not null);"
               "create table visits (id bigint primary key, day later references days, at timestamptz, flag bool,"
               "    doc jsonb, amount numeric, tags text[]);"
               "insert into days values ('infinity', 'never');"
               "insert into visits values (1, 'infinity', '-infinity', true, '{\"n\": 12345678901234567890.5}', 'NaN',"
               "    '{{a,b},{c,d}}');"};
    Registry registry;
    s.run([&]() -> corm::Task<> {
        corm::schema::RecordOptions options;
        options.exact_types = true;
        const corm::ReflectedTables all = co_await registry.reflect(s.engine, {}, options);
        const auto& visits = all.mappers["visits"];
        corm::AsyncSession session{s.engine};
        const RecordRef visit = co_await session.one(corm::select(visits));
        CHECK(visit->get<std::int64_t>("id") == 1);
        CHECK(visit->text("day") == "infinity");
        CHECK(visit->text("at") == "-infinity");
        CHECK(visit->text("flag") == "true");
        CHECK(visit->text("doc") == R"({"n": 12345678901234567890.5})");
        CHECK(visit->text("amount") == "NaN");
        CHECK(visit->text("tags") == "{{a,b},{c,d}}");
        // A domain of the type that the target has: a relation of the catalogue, and none of these texts.
        CHECK(relation(visits, "day_ref") == "none");

        visit.edit().set_text("at", "infinity").set_text("amount", "0.12345678901234567890123");
        co_await session.commit();
        const auto stored = co_await session.one<std::string>(
            corm::raw_sql("select at::text || ' ' || amount::text || ' ' || doc::text from visits"));
        CHECK(stored == R"(infinity 0.12345678901234567890123 {"n": 12345678901234567890.5})");
        const auto found =
            co_await session.all(corm::select(visits).where(corm::column(visits, "amount") < corm::from_text("0.2")));
        CHECK(found.size() == 1);
    });
}
