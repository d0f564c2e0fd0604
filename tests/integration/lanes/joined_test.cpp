// Reads by primary key that leave together are one statement for all sessions.
#include "integration/graph/graph.hpp"
#include "lanes.hpp"

#include <algorithm>

using namespace lanes_test;

namespace {

std::shared_ptr<Recorder> recorder() {
    return std::make_shared<Recorder>();
}

std::size_t statements_with(const Recorder& tracer, std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(tracer.statements.begin(), tracer.statements.end(),
                      [&](const std::string& each) { return each.find(text) != std::string::npos; }));
}

} // namespace

TEST_CASE("Gets of many sessions in one turn are one statement, and each has its own object", "[lanes][joined]") {
    const auto tracer = recorder();
    Sessions s{setup, {.pool = {.lanes = 1}, .tracer = tracer}};
    warm_up(s);
    tracer->statements.clear();
    std::vector<Read<User>> read(1010);
    Tasks tasks{s};
    for (int key = 990; key < 1010; ++key)
        tasks.get(read, key);
    tasks.run();
    for (int key = 990; key < 1010; ++key) {
        const Read<User>& each = read[static_cast<std::size_t>(key)];
        INFO(key);
        CHECK_FALSE(each.error);
        REQUIRE(each.row.has_value() == (key <= 1000));
        if (each.row)
            CHECK(each.row->name == "user " + std::to_string(key));
    }
    CHECK(tracer->statements.size() == 1);
    CHECK(statements_with(*tracer, "WITH ORDINALITY") == 1);
    CHECK(statements_with(*tracer, "rows=11") == 1);
}

TEST_CASE("Sessions that ask for the same row have an object each", "[lanes][joined]") {
    Sessions s{setup, {.pool = {.lanes = 1}}};
    warm_up(s);
    std::vector<corm::Ref<User>> refs;
    Tasks tasks{s};
    for (int i = 0; i < 10; ++i) {
        tasks.spawn(
            [&](corm::AsyncSession& session) -> corm::Task<> { refs.push_back(co_await session.get_one<User>(5)); });
    }
    tasks.run();
    REQUIRE(refs.size() == 10);
    for (std::size_t i = 0; i < refs.size(); ++i) {
        CHECK(refs[i]->name == "user 5");
        CHECK(std::count(refs.begin(), refs.end(), refs[i]) == 1);
    }
}

TEST_CASE("Sessions that do not join, and reads of several tables, have statements of their own", "[lanes][joined]") {
    const auto tracer = recorder();
    Sessions s{setup, {.pool = {.lanes = 1}, .tracer = tracer}};
    warm_up(s);
    tracer->statements.clear();
    const std::uint64_t requests = s.engine.stats().lane_requests;
    std::vector<Read<User>> read(100);
    Tasks tasks{s};
    for (int key = 1; key <= 4; ++key)
        tasks.get(read, key, {.join_reads = false});
    for (int key = 5; key <= 8; ++key)
        tasks.get(read, key);
    for (std::int16_t n = 0; n < 4; ++n) {
        tasks.spawn([n](corm::AsyncSession& session) -> corm::Task<> {
            const auto line = co_await session.get_one<Line>(corm::key(10, n));
            CHECK(line->quantity == 100 + n);
        });
    }
    tasks.run();
    for (std::size_t key = 1; key <= 8; ++key)
        CHECK((read[key].row && read[key].row->age == static_cast<int>(key)));
    CHECK(tracer->statements.size() == 6);
    CHECK(statements_with(*tracer, "WITH ORDINALITY") == 2);
    CHECK(s.engine.stats().lane_requests == requests + 1);
}

TEST_CASE("Composite keys join", "[lanes][joined]") {
    Sessions s{setup, {.pool = {.lanes = 1}}};
    warm_up(s);
    Tasks tasks{s};
    int found = 0;
    for (int n = 0; n < 50; ++n) {
        tasks.spawn([n, &found](corm::AsyncSession& session) -> corm::Task<> {
            const auto line = co_await session.get<Line>(corm::key(90 + n / 3, static_cast<std::int16_t>(n % 11)));
            CHECK(static_cast<bool>(line) == (90 + n / 3 < 100 && n % 11 < 10));
            if (line) {
                ++found;
                CHECK(line->quantity == (90 + n / 3) * 10 + n % 11);
            }
        });
    }
    tasks.run();
    CHECK(found > 20);
}

TEST_CASE("Loads of to-one relations join with each other and with gets", "[lanes][joined]") {
    using namespace graph_test;
    const auto tracer = recorder();
    Sessions s{std::string{graph_schema} +
                   "insert into authors (id, name) select n, 'author ' || n from generate_series(1, 20) n;"
                   "insert into books (id, author_id, title) select n, n % 20 + 1, 'book ' || n from "
                   "generate_series(1, 60) n; insert into books (id, title) values (99, 'of nobody');",
               {.pool = {.lanes = 1}, .tracer = tracer}};
    Tasks books{s};
    std::vector<corm::Ref<Book>> read(60);
    std::vector<std::unique_ptr<corm::AsyncSession>> sessions;
    for (std::size_t i = 0; i < read.size(); ++i)
        sessions.push_back(std::make_unique<corm::AsyncSession>(s.engine.reader()));
    for (std::size_t i = 0; i < read.size(); ++i) {
        books.spawn([&, i](corm::AsyncSession&) -> corm::Task<> {
            read[i] = co_await sessions[i]->get_one<Book>(static_cast<std::int64_t>(i + 1));
        });
    }
    books.run();
    tracer->statements.clear();
    Tasks loads{s};
    for (std::size_t i = 0; i < read.size(); ++i) {
        loads.spawn([&, i](corm::AsyncSession&) -> corm::Task<> {
            co_await sessions[i]->load(read[i], corm::load<&Book::author>);
        });
    }
    loads.spawn([](corm::AsyncSession& session) -> corm::Task<> {
        const auto author = co_await session.get_one<Author>(7);
        CHECK(author->name == "author 7");
    });
    // Of two books at once, one of them without an author.
    loads.spawn([](corm::AsyncSession& session) -> corm::Task<> {
        const auto two = co_await session.all(corm::select<Book>().where(corm::col<&Book::id> >= 60));
        REQUIRE(two.size() == 2);
        co_await session.load(two, corm::load<&Book::author>);
        const bool first_is_60 = two.front()->id == 60;
        CHECK((first_is_60 ? two.front() : two.back())->author.get()->name == "author 1");
        CHECK_FALSE((first_is_60 ? two.back() : two.front())->author.get());
    });
    loads.run();
    for (const corm::Ref<Book>& book : read)
        CHECK(book->author.get()->name == "author " + std::to_string(book->id % 20 + 1));
    CHECK(statements_with(*tracer, "rows=61") == 1);
    CHECK(statements_with(*tracer, "FROM authors") <= 2);
}

TEST_CASE("Records join", "[lanes][joined]") {
    const auto tracer = recorder();
    Sessions s{setup, {.pool = {.lanes = 1}, .tracer = tracer}};
    const auto mapper =
        corm::define("users").column<std::int64_t>("id").column<std::string>("name").primary_key({"id"}).build();
    warm_up(s);
    tracer->statements.clear();
    Tasks tasks{s};
    for (std::int64_t key = 1; key <= 30; ++key) {
        tasks.spawn([&, key](corm::AsyncSession& session) -> corm::Task<> {
            const auto record = co_await session.get_one(mapper, key);
            CHECK(record->get<std::string>("name") == "user " + std::to_string(key));
        });
    }
    tasks.run();
    CHECK(tracer->statements.size() == 1);
}

TEST_CASE("A key that is no key", "[lanes][joined]") {
    Sessions s{"create table users_twice as select generate_series(1, 10)::bigint as id;"
               "insert into users_twice values (4);",
               {.pool = {.lanes = 1}}};
    const auto mapper = corm::define("users_twice").column<std::int64_t>("id").primary_key({"id"}).build();
    Tasks tasks{s};
    int errors = 0;
    for (std::int64_t key = 1; key <= 10; ++key) {
        tasks.spawn([&, key](corm::AsyncSession& session) -> corm::Task<> {
            const std::exception_ptr error = co_await failure(session.get(mapper, key));
            CHECK(static_cast<bool>(error) == (key == 4));
            if (error) {
                ++errors;
                CHECK(std::string{caught<corm::MappingError>(error).what()}.find("rows have the key 4") !=
                      std::string::npos);
            }
        });
    }
    tasks.run();
    CHECK(errors == 1);
}
