// Creations that are ended from outside.
#include "ddl.hpp"

#include "integration/orm/expect_well.hpp"
#include "support/caught.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <optional>

using namespace corm::test;
using Model = corm::schema::Database;
namespace asio = boost::asio;

namespace {

/// An enum that lacks a label, and a table: two transactions.
Model two_transactions() {
    Model model;
    corm::schema::Table& table = model.tables.emplace_back();
    table.schema = "public";
    table.name = "users";
    corm::schema::Column& column = table.columns.emplace_back();
    column.name = "mood";
    column.type.text = "public.mood";
    model.enums = {{.schema = "public", .name = "mood", .labels = {"sad", "ok"}}};
    return model;
}

bool is_commit_in_doubt(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const corm::CommitOutcomeUnknown&) {
        return true;
    } catch (...) {
        return false;
    }
}

} // namespace

TEST_CASE("create_all may be cancelled at every suspension, and called again", "[schema][ddl][integration]") {
    const Model model = two_transactions();
    bool suspended = true;
    std::size_t covered = 0;
    for (std::size_t point = 1; suspended; ++point) {
        CAPTURE(point);
        const corm::test::Database database{"create type mood as enum ('ok')"};
        Maker maker{database.url()};
        const auto creating = [&]() -> corm::Task<> { co_await corm::create_all(maker.engine, model); };
        SteppedOperation operation{maker.context, creating(), Accepts::terminal};
        std::function<void()> nothing;
        for (std::size_t i = 0; i < point && !operation.finished(); ++i)
            operation.step(nothing);
        suspended = !operation.finished();
        if (suspended)
            operation.cancel(asio::cancellation_type::terminal);
        operation.run(nothing);
        if (suspended && !is_commit_in_doubt(operation.error())) {
            CHECK(caught<boost::system::system_error>(operation.error()).code() == asio::error::operation_aborted);
            CHECK(maker.reflect().tables.empty());
        }
        covered += suspended ? 1 : 0;
        expect_well(maker.context, maker.engine, database);
        maker.create(model);
        CHECK(maker.reflect().tables.size() == 1);
        CHECK(maker.create(model).empty());
    }
    CHECK(covered >= 4);
}

TEST_CASE("a creation that nobody awaits does nothing", "[schema][ddl][integration]") {
    const corm::test::Database database;
    std::optional<corm::Task<Strings>> dropped;
    Maker maker{database.url()};
    dropped = corm::create_all(maker.engine, two_transactions());
    dropped.reset();
    maker.context.run();
    CHECK(maker.engine.stats().acquired == 0);
}
