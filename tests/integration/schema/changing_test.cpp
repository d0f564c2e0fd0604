// A catalogue that changes while it is read.
#include "fixture.hpp"

#include <corm/corm.hpp>

#include <boost/asio/detached.hpp>

using namespace corm::test;

namespace {

/// Holds the reflection up where it prints the view "gate", whose table is locked, and so behind its snapshot; makes
/// the change meanwhile. Every reading of the catalogue runs into one of the locks.
class Changed {
public:
    explicit Changed(const std::string& setup)
        : database("create table locked (id int); create view gate as select id from locked; " + setup),
          reflector(database.url()) {}

    /// A change for each time that the catalogue is going to be read; what the reflection throws is thrown.
    corm::schema::Database reflect(const std::vector<std::string>& changes) {
        corm::schema::Database model;
        std::exception_ptr error;
        bool done = false;
        const auto reading = [&]() -> corm::Task<> { model = co_await corm::orm::reflect(reflector.engine); };
        run_coroutine(reflector.context, [&]() -> corm::Task<> {
            corm::AsyncSession session{reflector.engine};
            co_await lock(session);
            boost::asio::co_spawn(reflector.context, reading(), [&](std::exception_ptr thrown) {
                error = thrown;
                done = true;
            });
            for (std::size_t i = 0; i < changes.size(); ++i) {
                co_await wait_for(1);
                co_await session.execute(corm::unsafe_sql(changes[i]));
                if (i + 1 == changes.size())
                    break;
                // The next lock is asked for before this one is given up, behind the reader.
                corm::AsyncSession next{reflector.engine};
                bool locked = false;
                boost::asio::co_spawn(reflector.context, lock(next), [&](std::exception_ptr) { locked = true; });
                co_await wait_for(2);
                co_await session.commit();
                while (!locked)
                    co_await waiting();
                session = std::move(next);
            }
            co_await session.commit();
        });
        REQUIRE(done);
        if (error)
            std::rethrow_exception(error);
        return model;
    }

    const corm::test::Database database;
    Reflector reflector;

private:
    static corm::Task<> lock(corm::AsyncSession& session) {
        co_await session.execute(corm::raw_sql("lock table locked in access exclusive mode"));
    }
    /// How many wait for the lock.
    corm::Task<std::int64_t> waiting() {
        corm::AsyncSession session{reflector.engine, {.autocommit = true}};
        co_return co_await session.one<std::int64_t>(
            corm::raw_sql("select count(*) from pg_locks where not granted and relation = 'locked'::regclass"));
    }
    corm::Task<> wait_for(std::int64_t count) {
        std::int64_t now = -1;
        while (now != count)
            now = co_await waiting();
    }
};

} // namespace

TEST_CASE("a table that is dropped while the catalogue is read is read again, and gone", "[schema][integration]") {
    Changed scene{"create table victim (id int check (id > 0))"};
    const corm::schema::Database model = scene.reflect({"drop table victim"});
    CHECK(model.find_table("public", "victim") == nullptr);
    CHECK(model.find_table("public", "locked") != nullptr);
}

TEST_CASE("a catalogue that never stops changing is an error", "[schema][integration]") {
    Changed scene{"create table one (id int check (id > 0)); create table two (id int check (id > 0)); "
                  "create table three (id int check (id > 0))"};
    std::string message;
    try {
        scene.reflect({"drop table one", "drop table two", "drop table three"});
    } catch (const corm::Error& error) {
        message = error.what();
    }
    CHECK(message == "the catalogue changed while it was read: the condition of three_id_check is not complete; "
                     "reflect again when nobody changes the schema");
    CHECK(scene.reflector.engine.stats().leased == 0);
    // And the engine goes on.
    CHECK(scene.reflector.reflect().tables.size() == 2);
}
