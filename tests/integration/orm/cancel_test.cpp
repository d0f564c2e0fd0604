// Each operation is stopped at each of its suspensions, in every way.
#include "scene.hpp"
#include "support/fault_proxy.hpp"

#include <cstdlib>
#include <iterator>

using namespace corm::test;
namespace asio = boost::asio;

namespace {

/// Rows long enough that results and flushes take several reads and writes of the socket.
const std::string setup = std::string{schema} + "insert into users (name, age) select repeat('x', 10000), 0 "
                                                "from generate_series(1, 150);";

corm::Task<> nothing(Scene&) {
    co_return;
}
corm::Task<> begin(Scene& s) {
    s.users.push_back(co_await s.session->get_one<User>(2));
}
corm::Task<> hold(Scene& s) {
    s.holder.emplace(*s.engine);
    co_await s.holder->get_one<User>(2);
    s.unblock = [&s] { s.holder.reset(); };
}
corm::Task<> edit_all(Scene& s) {
    s.users = co_await s.session->all(corm::select<User>());
    for (const corm::Ref<User>& user : s.users) {
        user.edit().age += 1;
        user.edit().name[0] = user->name[0] == 'x' ? 'y' : 'x';
    }
}
/// Of an autocommit session: the last statement of its flush, and the Sync that commits it, are held back.
corm::Task<> edit_at_once(Scene& s) {
    s.database.query("insert into users (name) values ('doomed')");
    s.session.emplace(*s.engine, corm::SessionOptions{.autocommit = true});
    co_await edit_all(s);
    s.session->remove(s.users.back());
}
corm::Task<> flush_one(Scene& s) {
    s.users.push_back(co_await s.session->get_one<User>(1, corm::for_update));
    s.users.front().edit().age += 1;
    co_await s.session->flush();
}
corm::Task<> add_one(Scene& s) {
    s.users.push_back(s.session->add(User{.name = "new", .age = 1}));
    co_return;
}

corm::Task<> get(Scene& s) {
    s.users.push_back(co_await s.session->get<User>(1));
}
corm::Task<> get_locked(Scene& s) {
    s.users.push_back(co_await s.session->get<User>(1, corm::for_update));
}
corm::Task<> select(Scene& s) {
    s.users = co_await s.session->all(corm::select<User>().limit(40));
}
corm::Task<> flush(Scene& s) {
    co_await s.session->flush();
}
corm::Task<> commit(Scene& s) {
    co_await s.session->commit();
}
corm::Task<> rollback(Scene& s) {
    co_await s.session->rollback();
}
corm::Task<> refresh(Scene& s) {
    co_await s.session->refresh(s.users.front());
}
corm::Task<> begin_nested(Scene& s) {
    s.savepoint.emplace(co_await s.session->begin_nested());
}
/// A savepoint that the server knows, and changes in it.
corm::Task<> edit_nested(Scene& s) {
    co_await begin_nested(s);
    co_await edit_all(s);
}
corm::Task<> release(Scene& s) {
    co_await s.savepoint->release();
}
corm::Task<> roll_back_nested(Scene& s) {
    co_await s.savepoint->rollback();
}
corm::Task<> nested(Scene& s) {
    co_await s.session->nested([&s]() -> corm::Task<> {
        co_await flush_one(s);
        co_await s.session->nested([&s]() -> corm::Task<> {
            s.users.front().edit().age += 1;
            co_return;
        });
    });
}
corm::Task<> begin_stream(Scene& s) {
    s.stream.emplace(s.session->stream(corm::select<User>(), {.batch = 40}));
    s.users.push_back(co_await s.stream->next());
}
corm::Task<> next_of_stream(Scene& s) {
    s.users = co_await s.stream->next_batch(80);
}
corm::Task<> close(Scene& s) {
    co_await s.session->close();
}

struct Case {
    const char* name;
    corm::Task<> (*prepare)(Scene&);
    corm::Task<> (*operation)(Scene&);
    bool leased; ///< the session has its connection before: the first step sends
    bool commits;
    std::size_t points; ///< suspensions, at least; the long ones depend on the buffers of the socket
};

const Case cases[] = {
    {"waiting for a lease", hold, get, false, false, 3},
    {"dialing", nothing, get, false, false, 3},
    {"get", begin, get, true, false, 1},
    {"get for update", begin, get_locked, true, false, 1},
    {"select", begin, select, true, false, 15},
    {"stream on a cold pool", nothing, begin_stream, false, false, 3},
    {"next batch of a stream", begin_stream, next_of_stream, true, false, 8},
    {"flush", edit_all, flush, true, false, 1},
    {"commit", edit_all, commit, true, true, 1},
    {"flush of an autocommit session", edit_at_once, flush, true, true, 1},
    {"commit on a cold pool", add_one, commit, false, true, 3},
    {"rollback", flush_one, rollback, true, false, 1},
    {"refresh", begin, refresh, true, false, 1},
    {"close", flush_one, close, true, false, 1},
    {"begin_nested", edit_all, begin_nested, true, false, 1},
    {"release", edit_nested, release, true, false, 1},
    {"rollback of a savepoint", edit_nested, roll_back_nested, true, false, 1},
};

/// One row of a case: prepared, started and brought to the `point`th suspension. False when it ended before.
bool bring_to(Scene& scene, SteppedOperation& operation, std::size_t point) {
    for (std::size_t i = 0; i < point && !operation.finished(); ++i) {
        operation.step(scene.unblock);
        CHECK(scene.is_sane());
    }
    return !operation.finished();
}

/// A commit has happened when it said so, has not when it was aborted, and may have when that is unknown.
void check_data(const Case& tested, const Database& database, Outcome outcome) {
    if (outcome == Outcome::unknown)
        return;
    const bool done = tested.commits && outcome == Outcome::success;
    CHECK((database.query("select sum(age) from users") == "0") == !done);
}

void forget_changes(const Database& database) {
    database.query("delete from users where id > 150; update users set age = 0 where age <> 0");
}

/// Cancels at every point; returns how many there are.
std::size_t cancel_everywhere(const Case& tested, const Database& database, asio::cancellation_type type,
                              const std::string& url) {
    const bool terminal = type == asio::cancellation_type::terminal;
    bool sent = false; // as far as outcomes have shown
    for (std::size_t point = 1;; ++point) {
        CAPTURE(tested.name, point, static_cast<unsigned>(type));
        Scene scene{database, url};
        scene.run(tested.prepare(scene));
        SteppedOperation operation{*scene.context, tested.operation(scene),
                                   terminal ? Accepts::terminal : Accepts::everything};
        const bool suspended = bring_to(scene, operation, point);
        if (suspended)
            operation.cancel(type);
        operation.run(scene.unblock);
        const Outcome outcome = outcome_of(operation.error());

        if (!suspended) {
            CHECK(outcome == Outcome::success);
        } else if (terminal) {
            const bool may_be_sent = tested.commits;
            CAPTURE(static_cast<int>(outcome));
            // A COMMIT that is still held back is not sent any more.
            CHECK((outcome == Outcome::aborted || (may_be_sent && outcome == Outcome::unknown)));
        } else {
            CHECK((outcome == Outcome::success || (outcome == Outcome::aborted && !tested.leased)));
        }
        // Once something was sent, no later point can be before that. (How long a COMMIT is held back depends on how
        // fast the server reads: there the data is the proof.)
        if (suspended && sent && !terminal)
            CHECK(outcome != Outcome::aborted);
        sent = sent || (suspended && outcome != Outcome::aborted);

        // The session itself goes on after a rollback.
        if (scene.holder)
            scene.holder.reset();
        if (point % 2 == 0) {
            scene.run(rollback(scene));
            scene.run(get(scene));
        }
        scene.session.reset();
        scene.expect_well();
        check_data(tested, database, outcome);
        if (tested.commits)
            forget_changes(database);
        if (!suspended)
            return point - 1;
    }
}

std::size_t destroy_handle_everywhere(const Case& tested, const Database& database) {
    for (std::size_t point = 1;; ++point) {
        CAPTURE(tested.name, point);
        Scene scene{database};
        scene.run(tested.prepare(scene));
        SteppedOperation operation{*scene.context, tested.operation(scene), Accepts::terminal};
        const bool suspended = bring_to(scene, operation, point);
        scene.session.reset();
        operation.run(scene.unblock);
        const Outcome outcome = outcome_of(operation.error());
        if (!suspended)
            CHECK(outcome == Outcome::success);
        else
            CHECK((outcome == Outcome::aborted || (tested.commits && outcome == Outcome::unknown)));
        scene.holder.reset();
        scene.expect_well();
        check_data(tested, database, outcome);
        if (tested.commits)
            forget_changes(database);
        if (!suspended)
            return point - 1;
    }
}

std::size_t end_context_everywhere(const Case& tested, const Database& database, const std::string& url) {
    for (std::size_t point = 0;; ++point) {
        CAPTURE(tested.name, point);
        bool suspended = false;
        {
            Scene scene{database, url};
            scene.run(tested.prepare(scene));
            SteppedOperation operation{*scene.context, tested.operation(scene), Accepts::terminal};
            suspended = bring_to(scene, operation, point);
            scene.context->stop();
            if (point % 2 == 0) {
                scene.context.reset(); // the frames go, then what they stood on
            } else {
                scene.engine.reset();
                scene.context.reset();
            }
            CHECK(operation.finished() == !suspended);
        }
        // Nothing of it is left on the server, and the process starts anew.
        Scene next{database};
        CHECK(run_until(*next.context, corm::Duration{2'000}, [&] {
            return database.query("select count(*) from pg_stat_activity where datname = current_database() and pid <> "
                                  "pg_backend_pid() and backend_type = 'client backend'") == "0";
        }));
        next.session.reset();
        next.expect_well();
        if (tested.commits)
            forget_changes(database);
        else
            CHECK(database.query("select sum(age) from users") == "0");
        if (!suspended)
            return point - 1;
    }
}

/// Strikes every operation at every point; returns the number of points in all.
template <class Strike>
std::size_t strike_all(const Database& database, Strike strike) {
    std::size_t covered = 0;
    for (const Case& tested : cases) {
        const std::size_t points = strike(tested, database);
        INFO(tested.name << ": " << points << " points");
        CHECK(points >= tested.points);
        covered += points;
    }
    return covered;
}

} // namespace

TEST_CASE("F39: an operation may be cancelled at every suspension", "[orm][integration][F39]") {
    const Database database{setup};
    std::size_t covered = 0;
    for (const auto type :
         {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total}) {
        covered += strike_all(database, [type](const Case& tested, const Database& where) {
            return cancel_everywhere(tested, where, type, where.url());
        });
    }
    INFO("cancelled at " << covered << " points");
    CHECK(covered >= 96);
}

TEST_CASE("F39: a session may be destroyed at every suspension of its operation", "[orm][integration][F39]") {
    const std::size_t covered = strike_all(Database{setup}, destroy_handle_everywhere);
    INFO("destroyed at " << covered << " points");
    CHECK(covered >= 32);
}

TEST_CASE("F42: a context may end at every suspension of an operation", "[orm][integration][F42]") {
    const std::size_t covered = strike_all(Database{setup}, [](const Case& tested, const Database& where) {
        return end_context_everywhere(tested, where, where.url());
    });
    INFO("ended at " << covered << " points");
    CHECK(covered >= 32);
}

TEST_CASE("F13: a dial may be given up at every step", "[orm][integration][F13]") {
    // A row that takes no time behind the dial.
    const Database database{std::string{schema} + "insert into users (name, age) values ('short', 0);"};
    // In small pieces with pauses, so that there are many steps.
    FaultProxy proxy{database.url(), FaultProxy::Listen::tcp};
    proxy.set({.segment = 48, .delay = std::chrono::milliseconds{1}});
    const Case& dialing = cases[1];
    REQUIRE(dialing.name == std::string{"dialing"});
    SECTION("by cancelling who waits for it") {
        for (const auto type :
             {asio::cancellation_type::terminal, asio::cancellation_type::partial, asio::cancellation_type::total})
            CHECK(cancel_everywhere(dialing, database, type, proxy.url()) >= 4);
    }
    SECTION("by destroying everything") {
        CHECK(end_context_everywhere(dialing, database, proxy.url()) >= 4);
    }
}

TEST_CASE("nested() may be cancelled at every suspension, and cleans up without one", "[orm][integration]") {
    const Database database{setup};
    std::size_t point = 0;
    for (bool suspended = true; suspended;) {
        CAPTURE(++point);
        Scene scene{database};
        SteppedOperation operation{*scene.context, nested(scene), Accepts::terminal};
        suspended = bring_to(scene, operation, point);
        if (suspended)
            operation.cancel(asio::cancellation_type::terminal);
        operation.run(scene.unblock);
        CHECK(outcome_of(operation.error()) == (suspended ? Outcome::aborted : Outcome::success));
        CHECK_FALSE(scene.session->in_nested_transaction());
        scene.run(rollback(scene));
        scene.run(get(scene));
        CHECK(scene.users.back()->age == 0);
        scene.session.reset();
        scene.expect_well();
        CHECK(database.query("select sum(age) from users") == "0");
    }
    CHECK(point > 5);
}

TEST_CASE("a connection that is cleaned up is handed on once", "[orm][integration]") {
    // The reply of the cancelled statement and the return of its cancel request meet in every order.
    const Database database{setup};
    Scene scene{database};
    const int rounds = std::getenv("CORM_TEST_FULL") != nullptr ? 20'000 : 200;
    for (int round = 0; round < rounds; ++round) {
        CAPTURE(round);
        scene.session.emplace(*scene.engine);
        scene.run(begin(scene));
        SteppedOperation operation{*scene.context, select(scene), Accepts::terminal};
        if (bring_to(scene, operation, 1 + static_cast<std::size_t>(round % 8)))
            operation.cancel(asio::cancellation_type::terminal);
        operation.run(scene.unblock);
        scene.session.reset();
        scene.run(Scene::works(*scene.engine));
    }
    scene.expect_well();
    CHECK(scene.engine->stats().connected == 1);
}

TEST_CASE("an operation that is awaited after its session was destroyed does nothing", "[orm][integration]") {
    const Database database{setup};
    Scene scene{database};
    scene.users.push_back(scene.session->add(User{.name = "never"}));
    SteppedOperation operation{*scene.context, scene.session->commit(), Accepts::terminal};
    scene.session.reset();
    operation.run(scene.unblock);
    CHECK(outcome_of(operation.error()) == Outcome::aborted);
    CHECK(scene.engine->stats().acquired == 0);
    scene.expect_well();
    CHECK(database.query("select count(*) from users where name = 'never'") == "0");
}
