// create_all and drop_all as calls: what they cost, what they leave alone, and how they fail.
#include "ddl.hpp"

#include <corm/corm.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace corm::test;
using Model = corm::schema::Database;

using corm::schema::Column;
using corm::schema::Enum;
using corm::schema::ForeignKey;
using corm::schema::Table;
using corm::schema::TableKind;
using corm::schema::TypeKind;

namespace {

Column column_of(std::string name, std::string type) {
    Column made;
    made.name = std::move(name);
    made.type.text = std::move(type);
    return made;
}

/// A table "id, name" with a key.
Table simple(std::string name, std::string schema = {}) {
    Table made;
    made.schema = std::move(schema);
    made.name = std::move(name);
    made.columns = {column_of("id", "bigint"), column_of("name", "text")};
    made.primary_key.emplace().columns = {"id"};
    return made;
}

Model model_of(std::vector<Table> tables) {
    Model model;
    model.tables = std::move(tables);
    sort(model);
    return model;
}

std::string message_of(auto&& call) {
    try {
        call();
    } catch (const corm::Error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

} // namespace

TEST_CASE("what is there is left as it is, and the rest is made in two round trips", "[schema][ddl][integration]") {
    const corm::test::Database database{"create table users (something text); insert into users values ('row')"};
    Maker maker{database.url(), {.pool = {.max_size = 1}}};
    Table orders = simple("orders");
    orders.columns.push_back(column_of("user_text", "text"));
    const Model model = model_of({simple("users"), orders});
    const Strings made = maker.create(model);
    CHECK(made == Strings{"CREATE TABLE \"orders\" (\n"
                          "    \"id\" bigint,\n"
                          "    \"name\" text,\n"
                          "    \"user_text\" text,\n"
                          "    CONSTRAINT \"orders_pkey\" PRIMARY KEY (\"id\")\n"
                          ")"});
    CHECK(maker.engine.stats().round_trips == 2);
    CHECK(maker.engine.stats().leased == 0);
    CHECK(database.query("select something from users") == "row");
    CHECK(maker.create(model).empty());
    CHECK(database.sessions("idle in transaction") == 0);
    CHECK(database.query("select count(*) from pg_locks where locktype = 'advisory' and database = "
                         "(select oid from pg_database where datname = current_database())") == "0");
}

TEST_CASE("tables without a schema are made and found where the search path says", "[schema][ddl][integration]") {
    const corm::test::Database database{"create schema inner_one; create table public.users (id int)"};
    corm::EngineOptions options;
    options.settings = {{"search_path", "inner_one"}};
    Maker maker{database.url(), options};
    const Model model = model_of({simple("users")});
    CHECK(maker.create(model).size() == 1);
    CHECK(database.query("select count(*) from inner_one.users") == "0");
    CHECK(maker.create(model).empty());
    CHECK(maker.drop(model) == Strings{"DROP TABLE \"inner_one\".\"users\""});
    CHECK(database.query("select count(*) from public.users") == "0");
    CHECK(maker.drop(model).empty());
    // A type without a schema is looked for as well.
    Model with_type = model;
    with_type.enums = {Enum{.name = "mood", .labels = {"ok"}}};
    CHECK(maker.create(with_type).size() == 2);
    CHECK(maker.create(with_type).empty());
    CHECK(maker.drop(with_type).size() == 2);
    CHECK(maker.create(Model{}).empty());
}

TEST_CASE("calls at once wait for each other, and one of them does it all", "[schema][ddl][integration]") {
    const corm::test::Database database;
    constexpr int callers = 6;
    Model model = model_of({simple("users", "app"), simple("orders", "app")});
    model.schemas = {{.name = "app"}};
    model.enums = {Enum{.schema = "app", .name = "mood", .labels = {"ok"}}};
    Reflector shared{database.url(), {.pool = {.max_size = callers}}};
    std::vector<std::size_t> counts;
    int failures = 0;
    for (int i = 0; i < callers; ++i) {
        boost::asio::co_spawn(
            shared.context,
            [&]() -> corm::Task<> {
                const Strings made = co_await corm::orm::create_all(shared.engine, model);
                counts.push_back(made.size());
            },
            [&failures](std::exception_ptr error) { failures += error ? 1 : 0; });
    }
    shared.context.run();
    CHECK(failures == 0);
    std::sort(counts.begin(), counts.end());
    CHECK(counts == std::vector<std::size_t>{0, 0, 0, 0, 0, 4});
}

TEST_CASE("calls wait for whoever holds the lock", "[schema][ddl][integration]") {
    const corm::test::Database database;
    Reflector shared{database.url()};
    bool done = false;
    run_coroutine(shared.context, [&]() -> corm::Task<> {
        corm::AsyncSession session{shared.engine};
        co_await session.execute(corm::raw_sql("select pg_advisory_xact_lock($1)", corm::orm::schema_lock_key));
        boost::asio::co_spawn(
            shared.context,
            [&]() -> corm::Task<> {
                const Model model = model_of({simple("users")});
                co_await corm::orm::create_all(shared.engine, model);
            },
            [&done](std::exception_ptr error) { done = error == nullptr; });
        corm::AsyncSession watcher{shared.engine, {.autocommit = true}};
        for (std::int64_t waiting = 0; waiting == 0 && !done;)
            waiting = co_await watcher.one<std::int64_t>(
                corm::raw_sql("select count(*) from pg_locks where locktype = 'advisory' and not granted"));
        CHECK_FALSE(done);
        // Behind the lock: the waiting call is to see it.
        co_await session.execute(corm::raw_sql("create table users (other int)"));
        co_await session.commit();
    });
    CHECK(done);
    CHECK(database.query("select count(other) from users") == "0");
}

TEST_CASE("an error says what was being made, and nothing is", "[schema][ddl][integration]") {
    const corm::test::Database database;
    Maker maker{database.url()};
    Table broken = simple("broken");
    broken.columns.push_back(column_of("odd", "no_such_type"));
    const Model model = model_of({simple("a"), broken});
    const std::string message = message_of([&] { maker.create(model); });
    CHECK(message.starts_with("database error 42704, in: CREATE TABLE \"broken\" ("));
    CHECK(message.find(", while creating table broken;") != std::string::npos);
    CHECK(maker.reflect().tables.empty());
    CHECK(maker.engine.stats().leased == 0);

    database.query("create table a (id int primary key); create view v as select * from a");
    const std::string dropping = message_of([&] { maker.drop(model_of({simple("a")})); });
    CHECK(dropping.find("while dropping table public.a") != std::string::npos);
    corm::schema::DropOptions options;
    options.cascade = true;
    CHECK(maker.drop(model_of({simple("a")}), options) == Strings{"DROP TABLE IF EXISTS \"public\".\"a\" CASCADE"});
    CHECK(maker.reflect().tables.empty());
}

TEST_CASE("an object of another kind by the name is refused", "[schema][ddl][integration]") {
    const corm::test::Database database{"create view users as select 1; create domain mood as int"};
    Maker maker{database.url()};
    CHECK(message_of([&] { maker.create(model_of({simple("users", "public")})); }) ==
          "cannot create public.users as a table: the database has a view of that name; drop or rename it, or give "
          "another name to the new one");
    Model model;
    model.enums = {Enum{.schema = "public", .name = "mood"}};
    CHECK(message_of([&] { maker.create(model); }).find("the database has a domain") != std::string::npos);
    CHECK(maker.engine.stats().leased == 0);
}

TEST_CASE("labels that an enum lacks are there before a table uses them", "[schema][ddl][integration]") {
    const corm::test::Database database{"create type mood as enum ('ok', 'extra')"};
    Maker maker{database.url()};
    Table people = simple("people", "public");
    people.columns.push_back(column_of("mood", "public.mood"));
    people.columns.back().default_ = "'great'::public.mood";
    Model model = model_of({people});
    model.enums = {Enum{.schema = "public", .name = "mood", .labels = {"sad", "ok", "good", "great"}}};
    CHECK(maker.create(model).size() == 4);
    CHECK(maker.reflect().enums.at(0).labels == Strings{"sad", "ok", "good", "great", "extra"});
    CHECK(database.query("insert into people (id) values (1) returning mood") == "great");
    CHECK(maker.create(model).empty());
    model.enums.at(0).labels = {"ok", "sad"};
    CHECK_THROWS_AS(maker.create(model), corm::MappingError);
}

TEST_CASE("names that were given by a convention are found again", "[schema][ddl][integration]") {
    const corm::test::Database database;
    Maker maker{database.url()};
    Table a = simple("a", "public"), b = simple("b", "public");
    const auto refer = [](Table& from, const Table& to) {
        ForeignKey& key = from.foreign_keys.emplace_back();
        key.columns = {"id"};
        key.target = to.qualified_name();
    };
    refer(a, b);
    refer(b, a);
    const Model model = model_of({a, b});
    corm::schema::Naming naming;
    naming.foreign_key = "fk_of_{table}_that_leads_to_{target}"; // too long for the string itself
    const std::vector<Table> tables{a, b};
    run_coroutine(maker.context, [&]() -> corm::Task<> {
        co_await corm::orm::create_all(maker.engine, model_of(tables),
                                       corm::schema::CreateOptions{}.with_naming(naming));
    });
    CHECK(maker.reflect().find_table("public", "a")->foreign_keys.at(0).name == "fk_of_a_that_leads_to_b");
    CHECK(maker.drop(model).size() == 3); // by the names of the database
    CHECK(maker.reflect().tables.empty());
}

TEST_CASE("a call that is cancelled or too late leaves nothing behind", "[schema][ddl][integration]") {
    const corm::test::Database database;
    Reflector shared{database.url(), {.pool = {.max_size = 3}}};
    std::exception_ptr late, cancelled;
    boost::asio::cancellation_signal signal;
    bool ended = false;
    const Model model = model_of({simple("users")});
    run_coroutine(shared.context, [&]() -> corm::Task<> {
        corm::AsyncSession session{shared.engine};
        co_await session.execute(corm::raw_sql("select pg_advisory_xact_lock($1)", corm::orm::schema_lock_key));
        try {
            co_await corm::orm::create_all(shared.engine, model, {}, corm::Duration{50});
        } catch (...) {
            late = std::current_exception();
        }
        const auto creating = [&]() -> corm::Task<> { co_await corm::orm::create_all(shared.engine, model); };
        boost::asio::co_spawn(shared.context, creating,
                              boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) {
                                  cancelled = error;
                                  ended = true;
                              }));
        corm::AsyncSession watcher{shared.engine, {.autocommit = true}};
        for (std::int64_t waiting = 0; waiting == 0 && !ended;)
            waiting = co_await watcher.one<std::int64_t>(
                corm::raw_sql("select count(*) from pg_locks where locktype = 'advisory' and not granted"));
        signal.emit(boost::asio::cancellation_type::terminal);
        while (!ended)
            co_await watcher.one<std::int64_t>(corm::raw_sql("select 1::bigint"));
        co_await session.commit();
    });
    CHECK_THROWS_AS(std::rethrow_exception(late), corm::TimeoutError);
    CHECK_THROWS_AS(std::rethrow_exception(cancelled), boost::system::system_error);
    CHECK(Reflector{database.url()}.reflect().tables.empty());
}
