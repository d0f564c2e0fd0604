// MY: what is used again and again leaves nothing behind.
#include "fixture.hpp"
#include "support/fits.hpp"
#include "support/suspension_driver.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <functional>

using namespace conformance;

namespace {

/// Counts those that are alive.
struct Counter {
    Counter() { ++alive; }
    Counter(const Counter&) { ++alive; }
    Counter(Counter&&) noexcept { ++alive; }
    Counter& operator=(const Counter&) = default;
    Counter& operator=(Counter&&) noexcept = default;
    ~Counter() { --alive; }
    static inline int alive = 0;
};

/// Every object of it is counted: those of sessions, and copies.
struct Counted {
    std::int64_t id = 0;
    std::string name;
    Counter counter{};
};
BOOST_DESCRIBE_STRUCT(Counted, (), (id, name, counter))
constexpr auto corm_mapping(corm::type<Counted>) {
    return corm::table<Counted>("users").primary_key<&Counted::id>().unmapped<&Counted::counter>();
}

/// Ten columns, each of which may change.
struct Wide {
    std::int32_t id = 0;
    std::int32_t c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0, c8 = 0, c9 = 0;
};
BOOST_DESCRIBE_STRUCT(Wide, (), (id, c1, c2, c3, c4, c5, c6, c7, c8, c9))
constexpr auto corm_mapping(corm::type<Wide>) {
    return corm::table<Wide>("wide").primary_key<&Wide::id>(corm::assigned);
}

/// True if objects are still alive after some rounds of `body`, which may keep what it needs in the first ones.
bool grows(Fixture& f, const std::function<corm::Task<>()>& body) {
    int early = 0;
    for (int round = 0; round < 50; ++round) {
        if (round == 5)
            early = Counter::alive;
        f.run(body());
    }
    return Counter::alive > early;
}

} // namespace

TEST_CASE("MY-01 a session that inserts, reads and deletes leaves no object", "[conformance]") {
    Fixture f;
    std::vector<std::weak_ptr<corm::uow::Scope>> sessions;
    const auto body = [&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto added = session.add_all({Counted{.name = "a1"}, Counted{.name = "a2"}, Counted{.name = "a3"}});
        sessions.push_back(added[0].instance()->scope);
        co_await session.commit();
        session.expunge_all();
        const auto loaded = co_await session.all(corm::select<Counted>().order_by(corm::asc<&Counted::id>));
        CHECK(loaded.size() == 3);
        for (const auto& user : loaded)
            session.remove(user);
        co_await session.commit();
        co_await session.close();
    };
    CHECK_FALSE(grows(f, body));
    CHECK(Counter::alive == 0);
    CHECK(std::all_of(sessions.begin(), sessions.end(), [](const auto& session) { return session.expired(); }));
    CHECK(f.query("select count(*) from users") == "0");
}

TEST_CASE("MY-03 prepared statements are bounded, whatever is written", "[conformance]") {
    Fixture f{"create table wide (id int primary key, c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, "
              "c9 int); insert into wide values (1, 0, 0, 0, 0, 0, 0, 0, 0, 0);",
              {.pool = {.max_size = 1, .statement_cache = 20}}};
    const bool one_transaction = GENERATE(false, true);
    f.run([&]() -> corm::Task<> {
        constexpr std::int32_t Wide::* members[] = {&Wide::c1, &Wide::c2, &Wide::c3, &Wide::c4, &Wide::c5,
                                                    &Wide::c6, &Wide::c7, &Wide::c8, &Wide::c9};
        corm::AsyncSession session{f.engine};
        const corm::Ref<Wide> wide = co_await session.get_one<Wide>(1);
        for (unsigned subset = 1; subset < 512; ++subset) {
            for (std::size_t i = 0; i < std::size(members); ++i) {
                if ((subset >> i & 1) != 0)
                    wide.edit().*members[i] += 1;
            }
            if (one_transaction)
                co_await session.flush();
            else
                co_await session.commit();
        }
        CHECK(f.sql() == 512);
        const auto prepared =
            co_await session.one<std::int64_t>(corm::raw_sql("select count(*) from pg_prepared_statements"));
        CHECK(prepared <= 20 + 16); // the latter are closed in bulk
        co_await session.commit();
    });
    CHECK(f.query("select c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 from wide") == std::to_string(256 * 9));
}

TEST_CASE("MY-09 no end of a transaction leaves a session or an object in a circle", "[conformance]") {
    Fixture f{stock};
    using End = corm::Task<> (*)(corm::AsyncSession&);
    constexpr End ends[] = {
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.commit(); },
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.rollback(); },
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.close(); },
        [](corm::AsyncSession&) -> corm::Task<> { co_return; },
        [](corm::AsyncSession& session) -> corm::Task<> { // several transactions
            co_await session.commit();
            co_await session.scalar(corm::count<User>());
            co_await session.rollback();
        },
    };
    for (const End end : ends) {
        std::weak_ptr<corm::uow::Scope> scope;
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine};
            const auto loaded = co_await session.get_one<Counted>(7);
            const auto added = session.add(Counted{.name = "added"});
            const auto removed = co_await session.get_one<Counted>(10);
            scope = loaded.instance()->scope;
            loaded.edit().name += "x";
            session.remove(removed);
            co_await session.flush();
            loaded.edit().name += "y";
            session.add(Counted{.name = "pending"});
            co_await end(session);
            co_await session.rollback();
            f.query("insert into users values (10, 'chuck') on conflict do nothing");
        });
        CHECK(Counter::alive == 0);
        CHECK(scope.expired());
    }
}

TEST_CASE("MY-11 engines, queries and rolled back sessions can be thrown away", "[conformance]") {
    Fixture f{stock};
    const auto body = [&]() -> corm::Task<> {
        const auto engine = std::make_unique<corm::Engine>(f.context.get_executor(), f.database.url());
        corm::AsyncSession session{*engine};
        const auto query = corm::select<Counted>().where(corm::col<&Counted::name> == "ed").limit(1);
        const auto found = co_await session.all(query);
        CHECK(found.size() == 1);
        co_await session.rollback(); // no close
    };
    CHECK_FALSE(grows(f, body));
    CHECK(Counter::alive == 0);
    // Their connections are gone too.
    CHECK(corm::test::run_until(f.context, corm::Duration{5'000}, [&f] {
        return f.query("select count(*) from pg_stat_activity where datname = current_database() and pid <> "
                       "pg_backend_pid() and backend_type = 'client backend'") == "0";
    }));
}

TEST_CASE("MY-12 a body that keeps its objects is found out", "[conformance]") {
    Fixture f{stock};
    std::vector<corm::Ref<Counted>> kept;
    CHECK(grows(f, [&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        kept.push_back(co_await session.get_one<Counted>(7));
    }));
    kept.clear();
    CHECK(Counter::alive == 0);
}

TEST_CASE("derived tables fit: counted objects", "[verify][conformance]") {
    CHECK(corm::test::misfit_of<Counted, Wide>() == "");
}
