// A COPY that is stopped half way, by the program or by the server.
#include "copy_support.hpp"
#include "expect_well.hpp"
#include "scene.hpp"

#include "../wire/recorder.hpp"
#include "support/caught.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <utility>

using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

/// Rows so long that the socket takes them in many pieces.
constexpr int many = 3'000;
std::vector<Point> long_points() {
    return make_points(many, std::string(1'000, 'x'));
}

const std::string setup = std::string{schema} + users(1) + points;

corm::Task<> begin(Scene& s) {
    s.users.push_back(co_await s.session->get_one<User>(1));
}
corm::Task<> commit(Scene& s) {
    co_await s.session->commit();
}
corm::Task<> flush(Scene& s) {
    co_await s.session->flush();
}

/// A session with objects to insert, on a warm connection.
void prepare(Scene& scene) {
    scene.run(Scene::works(*scene.engine));
    scene.session->add_all(long_points());
}

bool bring_to(Scene& scene, SteppedOperation& operation, std::size_t point) {
    for (std::size_t i = 0; i < point && !operation.finished(); ++i)
        operation.step(scene.unblock);
    return !operation.finished();
}

using Run = corm::Task<> (*)(Scene&);

/// All or nothing, and what was said is true.
void check_data(const Database& database, Outcome outcome, bool commits) {
    const std::string count = database.query("select count(*) from points");
    if (outcome == Outcome::unknown)
        CHECK((count == "0" || count == std::to_string(many)));
    else
        CHECK(count == (commits && outcome == Outcome::success ? std::to_string(many) : "0"));
    database.query("truncate points");
}

template <class Strike>
std::size_t strike_everywhere(const Database& database, Run run, bool commits, Strike strike) {
    for (std::size_t point = 1;; ++point) {
        CAPTURE(point);
        Scene scene{database};
        prepare(scene);
        SteppedOperation operation{*scene.context, run(scene), Accepts::terminal};
        const bool suspended = bring_to(scene, operation, point);
        if (suspended)
            strike(scene, operation);
        operation.run(scene.unblock);
        const Outcome outcome = outcome_of(operation.error());
        if (suspended)
            CHECK((outcome == Outcome::aborted || (commits && outcome == Outcome::unknown)));
        else
            CHECK(outcome == Outcome::success);
        scene.session.reset();
        scene.expect_well();
        check_data(database, outcome, commits);
        if (!suspended)
            return point - 1;
    }
}

} // namespace

TEST_CASE("F39: a COPY may be cancelled at every suspension", "[orm][integration][F39]") {
    const Database database{setup};
    const auto cancel = [](Scene&, SteppedOperation& operation) {
        operation.cancel(asio::cancellation_type::terminal);
    };
    CHECK(strike_everywhere(database, flush, false, cancel) > 5);
    CHECK(strike_everywhere(database, commit, true, cancel) > 5);
}

TEST_CASE("F39: a session may be destroyed at every suspension of a COPY", "[orm][integration][F39]") {
    const Database database{setup};
    const auto destroy = [](Scene& scene, SteppedOperation&) { scene.session.reset(); };
    CHECK(strike_everywhere(database, commit, true, destroy) > 5);
}

TEST_CASE("F39: partial and total cancellation end a COPY until it is sent", "[orm][integration][F39]") {
    const Database database{setup};
    const auto [type, leased] =
        GENERATE(std::pair{asio::cancellation_type::partial, true}, std::pair{asio::cancellation_type::total, true},
                 std::pair{asio::cancellation_type::partial, false}, std::pair{asio::cancellation_type::total, false});
    std::size_t aborted = 0, in_vain = 0;
    for (bool suspended = true; suspended;) {
        const std::size_t point = aborted + in_vain + 1;
        CAPTURE(static_cast<unsigned>(type), leased, point);
        Scene scene{database};
        if (leased) // the first step sends
            scene.run(begin(scene));
        const auto added = scene.session->add_all(long_points());
        SteppedOperation operation{*scene.context, commit(scene), Accepts::everything};
        suspended = bring_to(scene, operation, point);
        if (suspended)
            operation.cancel(type);
        operation.run(scene.unblock);
        if (outcome_of(operation.error()) == Outcome::aborted) {
            CHECK(in_vain == 0); // no point is before the sending when an earlier one was not
            CHECK(database.query("select count(*) from points") == "0");
            // Nothing has happened: the call can be repeated.
            CHECK(corm::inspect(added.front()).state() == corm::ObjectState::pending);
            scene.run(commit(scene));
            ++aborted;
        } else {
            CHECK_FALSE(operation.error());
            ++in_vain;
        }
        scene.session.reset();
        scene.expect_well();
        check_data(database, Outcome::success, true);
    }
    CHECK((aborted > 0) != leased);
    CHECK(in_vain > 5);
}

TEST_CASE("a COPY that waits for others ends at the deadline, its connection is used again", "[orm][integration]") {
    Sessions s{std::string{users(1)} + points, {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::Engine other{s.context.get_executor(), s.database.url()};
        corm::AsyncSession first{other};
        first.add(Point{.label = std::string(1'000, 'x') + "100"});
        co_await first.flush();
        corm::AsyncSession session{s.engine};
        const auto added = session.add_all(long_points());
        const std::exception_ptr error = co_await failure(session.flush(200ms));
        const auto late = caught<corm::TimeoutError>(error);
        CHECK(late.phase() == corm::Phase::execute);
        CHECK(corm::inspect(added[0]).state() == corm::ObjectState::transient);
        co_await first.rollback();
        co_await session.rollback();
        for (const auto& point : added)
            session.add(point);
        co_await session.commit();
        CHECK(s.engine.stats().connected == 1);
    });
    CHECK(s.database.query("select count(*) from points") == std::to_string(many));
    expect_well(s);
}

TEST_CASE("a session that the server ends in a COPY may try again", "[orm][integration]") {
    Sessions s{
        std::string{points} +
        "create function end_here() returns trigger language plpgsql as $$ begin "
        "if new.label like '%x100' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$;"
        "create trigger end_here before insert on points for each row execute function end_here();"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto added = session.add_all(long_points());
        const std::exception_ptr error = co_await failure(session.commit());
        const auto lost = caught<corm::ConnectionError>(error);
        CHECK(lost.sqlstate() == corm::sqlstate::admin_shutdown);
        CHECK(lost.safe_to_retry());
        CHECK(corm::inspect(added[0]).state() == corm::ObjectState::transient);
    });
    CHECK(s.database.query("select count(*) from points") == "0");
    expect_well(s);
}

TEST_CASE("a COPY and its notices are traced", "[orm][integration]") {
    const auto recorder = std::make_shared<Recorder>();
    Sessions s{std::string{points} +
                   "create function tell() returns trigger language plpgsql as $$ begin "
                   "raise warning 'a row' using errcode = '01234'; return new; end $$;"
                   "create trigger tell before insert on points for each row execute function tell();",
               {.tracer = recorder}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add_all(make_points(5));
        co_await session.commit();
    });
    CHECK(recorder->finished.back() == "commit");
    CHECK(recorder->noticed("01234") == 5);
    CHECK(std::count_if(recorder->statements.begin(), recorder->statements.end(), [](const std::string& each) {
              return each.starts_with(R"(COPY "points" ("id", "label", "height") FROM STDIN (FORMAT binary) rows=5)");
          }) == 1);
    CHECK_THAT(recorder->statements.back(), ContainsSubstring("COMMIT"));
}
