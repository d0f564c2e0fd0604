// What is left of tables that were mapped at run time when they are not used any more.
#include "shop.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::ObjectState;
using corm::mapping::live_mappers;
using corm::mapping::Registry;

namespace {

/// Prepared statements of the one connection, but for the question itself.
corm::Task<std::int64_t> prepared(const corm::AsyncSession& session) {
    co_return co_await session.one<std::int64_t>(corm::raw_sql(
        "select count(*) from pg_prepared_statements where statement not like '%pg_prepared_statements%'"));
}

/// One use of the whole shop.
corm::Task<> use(const corm::AsyncSession& session, const corm::mapping::Mappers& shop, int number) {
    const RecordRef ada = session.add(named(shop["customers"], "name", "Ada"));
    const RecordRef order = session.add(corm::Record{shop["orders"]});
    order.edit().one("customer") = ada;
    corm::Record first = named(shop["order_lines"], "article", "tea");
    order.edit().many("lines").push_back(session.add(std::move(first)));
    order.edit().many("labels").push_back(
        session.add(named(shop["labels"], "label", "label " + std::to_string(number))));
    co_await session.flush();
    const auto customers =
        co_await session.all(corm::select(shop["customers"]).with(corm::load_named("orders", "labels")));
    customers.front().edit().set<std::string>("name", "Eva");
    session.remove(order->many("lines")[0]);
    co_await session.flush();
    co_await session.rollback();
}

} // namespace

TEST_CASE("the end of a mapper closes what connections have prepared for it", "[registry][integration]") {
    Sessions s{shop_tables, {.pool = {.max_size = 1}}};
    Registry registry;
    static_cast<void>(corm::mapping::mapper_of<User>());
    const std::size_t before = live_mappers();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::int64_t start = 0;
        for (int round = 0; round < 5; ++round) {
            {
                const auto shop = define_shop(registry);
                co_await use(session, shop, round);
                const std::int64_t used = co_await prepared(session);
                co_await session.rollback();
                CHECK(used > 8);
            }
            CHECK(live_mappers() == before);
            CHECK(registry.stats().names == 0);
            // Within the next pipeline, and so ahead of the question.
            const std::int64_t left = co_await prepared(session);
            co_await session.rollback();
            if (round == 0)
                start = left;
            CHECK(left == start);
            CHECK(left <= 2); // BEGIN and the like
        }
    });
}

TEST_CASE("statements of structs outlive those of records", "[registry][integration]") {
    Sessions s{shop_tables, {.pool = {.max_size = 1}}};
    Registry registry;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        static_cast<void>(co_await session.get<User>(1));
        const std::int64_t before = co_await prepared(session);
        {
            const auto shop = define_shop(registry);
            static_cast<void>(co_await session.get(shop["customers"], corm::key(std::int64_t{1})));
            const std::int64_t with = co_await prepared(session);
            CHECK(with == before + 1);
        }
        const std::int64_t after = co_await prepared(session);
        CHECK(after == before);
    });
}

TEST_CASE("a table that is mapped again goes on with its statements", "[registry][integration]") {
    Sessions s{shop_tables, {.pool = {.max_size = 1}}};
    Registry registry;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto first = define_shop(registry, "one");
        static_cast<void>(co_await session.get(first["customers"], corm::key(std::int64_t{1})));
        const std::int64_t before = co_await prepared(session);
        {
            const auto second = define_shop(registry, "two");
            static_cast<void>(co_await session.get(second["customers"], corm::key(std::int64_t{1})));
            first = second;
        }
        static_cast<void>(co_await session.get(first["customers"], corm::key(std::int64_t{1})));
        const std::int64_t after = co_await prepared(session);
        CHECK(after == before);
    });
}

TEST_CASE("objects of a mapper that was disposed of are readable and nothing more", "[registry][integration]") {
    Sessions s{std::string{shop_tables} + "insert into customers (id, name) values (1, 'Ada'), (2, 'Eva');"};
    Registry registry;
    const auto shop = define_shop(registry);
    const std::string disposed =
        ": the mapping of customers was disposed of; define it again, and read its objects anew";
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto& customers = shop["customers"];
        const RecordRef ada = co_await session.get_one(customers, corm::key(std::int64_t{1}));
        const RecordRef eva = co_await session.get_one(customers, corm::key(std::int64_t{2}));
        ada.edit().set<std::string>("name", "Ida");
        const RecordRef pending = session.add(named(customers, "name", "new"));
        const corm::Record value = *eva;
        registry.dispose(customers);

        CHECK(ada->get<std::string>("name") == "Ida");
        CHECK(message_of<corm::MappingError>([&] { session.add(value); }) == "add()" + disposed);
        CHECK(message_of<corm::MappingError>([&] { session.remove(eva); }) == "remove()" + disposed);
        const auto refused = [&](corm::Task<> operation, std::string name) -> corm::Task<> {
            std::string message = "nothing was thrown";
            try {
                co_await std::move(operation);
            } catch (const corm::MappingError& error) {
                message = error.what();
            }
            CHECK(message == name + disposed);
        };
        co_await refused(
            [](auto& in, auto& mapper) -> corm::Task<> {
                static_cast<void>(co_await in.get(mapper, corm::key(std::int64_t{3})));
            }(session, customers),
            "get()");
        co_await refused(
            [](auto& in, auto& mapper) -> corm::Task<> {
                static_cast<void>(co_await in.all(corm::select(mapper)));
            }(session, customers),
            "a query");
        co_await refused(session.refresh(ada), "refresh()");
        co_await refused(session.load(ada, corm::load_named("orders")), "load()");
        CHECK(message_of<corm::MappingError>([&] { session.expire(ada); }) == "expire()" + disposed);
        session.expire_all(); // but for those that nobody could read again
        CHECK(ada->get<std::string>("name") == "Ida");
        co_await refused(session.flush(), "a flush");
        co_await refused(session.commit(), "a flush");
        // They may leave.
        session.expunge(pending);
        co_await session.rollback();
        CHECK(ada->get<std::string>("name") == "Ada");
        CHECK(corm::inspect(ada).state() == ObjectState::persistent);

        const auto again = define_shop(registry);
        const RecordRef anew = co_await session.get_one(again["customers"], corm::key(std::int64_t{1}));
        CHECK(anew != ada);
        anew.edit().set<std::string>("name", "Ada II");
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(name, ',' order by id) from customers") == "Ada II,Eva");
}

TEST_CASE("handles outlive registry, session and engine of a table mapped at run time", "[registry][integration]") {
    static_cast<void>(corm::mapping::mapper_of<User>());
    const std::size_t before = live_mappers();
    RecordRef order;
    {
        Sessions s{std::string{shop_tables} +
                   "insert into orders (id) values (1); insert into order_lines values (1, 1, 'a');"};
        Registry registry;
        const auto shop = define_shop(registry);
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            order = co_await session.get_one(shop["orders"], corm::key(std::int64_t{1}));
            co_await session.load(order, corm::load_named("lines"));
        });
    }
    CHECK(order->many("lines")[0]->get<std::string>("article") == "a");
    order.edit().set<std::int32_t>("version", 3);
    order = {};
    CHECK(live_mappers() == before);
}

TEST_CASE("a table that was altered is mapped anew", "[registry][integration]") {
    Sessions s{"create table t (id bigint primary key, a text); insert into t values (1, 'x');"};
    Registry registry;
    const auto definition =
        corm::define("t").column<std::int64_t>("id").column<std::optional<std::string>>("a").primary_key({"id"});
    auto mapper = registry.define(definition);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        static_cast<void>(co_await session.get_one(mapper, corm::key(std::int64_t{1})));
        static_cast<void>(co_await session.execute(
            corm::raw_sql("alter table t drop column a, add column b int not null default 5")));
        co_await session.commit();
        registry.dispose(mapper);
        auto altered = corm::define("t").column<std::int64_t>("id").column<std::int32_t>("b").primary_key({"id"});
        mapper = registry.define(altered);
        const RecordRef row = co_await session.get_one(mapper, corm::key(std::int64_t{1}));
        CHECK(row->get<std::int32_t>("b") == 5);
    });
}

TEST_CASE("hooks of a table mapped at run time are its own, and end with it", "[registry][integration]") {
    const auto hooks = std::make_shared<corm::SessionHooks>();
    Sessions s{shop_tables, {.hooks = hooks}};
    Registry registry;
    const auto captured = std::make_shared<int>(0);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        {
            const auto shop = define_shop(registry);
            for (const corm::RowEvent event : {corm::RowEvent::before_insert, corm::RowEvent::load})
                hooks->on<corm::Record>(event, shop["customers"], [captured](const RecordRef& customer) {
                    CHECK(customer->mapper()->table() == "customers");
                    ++*captured;
                });
            CHECK(hooks->row_hooks() == 2);
            const RecordRef ada = session.add(named(shop["customers"], "name", "Ada"));
            const RecordRef order = session.add(corm::Record{shop["orders"]}); // of the same group
            order.edit().one("customer") = ada;
            co_await session.commit();
            CHECK(*captured == 1);
            corm::AsyncSession other{s.engine};
            const auto customers = co_await other.all(corm::select(shop["customers"]).with(corm::load_named("orders")));
            CHECK(*captured == 2);
        }
        CHECK(registry.stats().names == 0);
        CHECK(hooks->row_hooks() == 0);
        CHECK(captured.use_count() == 1);
        // The next one may have the address of the first.
        const auto again = define_shop(registry);
        session.add(named(again["customers"], "name", "Eva"));
        co_await session.commit();
        CHECK(*captured == 2);
    });
}
