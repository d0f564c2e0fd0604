// Reflections that are ended from outside.
#include "fixture.hpp"

#include "integration/orm/expect_well.hpp"
#include "support/caught.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <optional>

using namespace corm::test;
namespace asio = boost::asio;

TEST_CASE("reflection may be cancelled at every suspension", "[schema][integration]") {
    const corm::test::Database database{"create table t (id int primary key)"};
    for (const asio::cancellation_type type : {asio::cancellation_type::terminal, asio::cancellation_type::total}) {
        bool suspended = true;
        std::size_t covered = 0;
        for (std::size_t point = 1; suspended; ++point) {
            CAPTURE(point, static_cast<unsigned>(type));
            Reflector reflector{database.url()};
            corm::schema::Database model;
            const auto reading = [&]() -> corm::Task<> { model = co_await corm::orm::reflect(reflector.engine); };
            SteppedOperation operation{reflector.context, reading(),
                                       type == asio::cancellation_type::terminal ? Accepts::terminal
                                                                                 : Accepts::everything};
            std::function<void()> nothing;
            for (std::size_t i = 0; i < point && !operation.finished(); ++i)
                operation.step(nothing);
            suspended = !operation.finished();
            if (suspended)
                operation.cancel(type);
            operation.run(nothing);
            if (operation.error()) {
                CHECK(suspended);
                CHECK(caught<boost::system::system_error>(operation.error()).code() == asio::error::operation_aborted);
                CHECK(model.tables.empty());
            } else {
                // A total cancellation comes too late for what was sent.
                CHECK((!suspended || type == asio::cancellation_type::total));
                CHECK(model.tables.size() == 1);
            }
            covered += suspended ? 1 : 0;
            expect_well(reflector.context, reflector.engine, database);
        }
        CHECK(covered >= 2);
    }
}

TEST_CASE("reflection waits for a table that a view reads until its deadline", "[schema][integration]") {
    const corm::test::Database database{"create table t (id int); create view v as select id from t"};
    Reflector reflector{database.url()};
    run_coroutine(reflector.context, [&]() -> corm::Task<> {
        corm::AsyncSession session{reflector.engine};
        co_await session.execute(corm::raw_sql("lock table t in access exclusive mode"));
        corm::Task<corm::schema::Database> waiting =
            corm::orm::reflect(reflector.engine, corm::schema::ReflectOptions{}, corm::Duration{50});
        const std::exception_ptr error = co_await failure(std::move(waiting));
        CHECK(caught<corm::TimeoutError>(error).phase() == corm::Phase::execute);
        co_await session.commit();
    });
    CHECK(reflector.reflect().tables.size() == 2);
    expect_well(reflector.context, reflector.engine, database);
}

TEST_CASE("a reflection that nobody awaits does nothing", "[schema][integration]") {
    const corm::test::Database database;
    std::optional<corm::Task<corm::schema::Database>> dropped;
    Reflector reflector{database.url()};
    dropped = corm::orm::reflect(reflector.engine);
    dropped.reset();
    reflector.context.run();
    CHECK(reflector.engine.stats().acquired == 0);
    CHECK(reflector.engine.stats().connected == 0);
}
