// Undoing a part of a transaction.
#include "support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <random>

using namespace uow_test;
using corm::uow::ExpireOnCommit;

TEST_CASE("a rolled-back scope gives edited attributes their values back, flushed or not", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    User& open = edit<User>(user);
    open.age = 31;
    session->flush();
    session->uow.begin_scope();
    const int flushes = GENERATE(0, 1, 2);
    open.name = "inside";
    for (int i = 0; i < flushes; ++i) {
        open.age = 50 + i;
        session->flush();
    }
    open.age = 99;
    session->uow.rollback_scope(0);
    CHECK(open.name == "Ada");
    CHECK(open.age == 31);
    CHECK(open.version == 1);
    CHECK(user->freshness == Freshness::stale);
    CHECK_FALSE(session->uow.has_changes());
    CHECK(session->uow.open_scopes() == 1);

    // It is compared with the row as it is now.
    open.age = 32;
    CHECK(dump(session->uow.plan().statements.at(0).parameters) ==
          parameters(std::int64_t{1}, std::int32_t{32}, std::int32_t{1}));
    // The transaction goes further back.
    session->uow.rolled_back();
    CHECK(open.age == 30);
    CHECK(open.version == 0);
    CHECK(session->uow.open_scopes() == 0);
}

TEST_CASE("objects that a rolled-back scope did not touch keep their values and stay fresh", "[uow][unit]") {
    const auto session = Session::create();
    const Handle untouched = session->user(1);
    const Handle flushed_before = session->user(2);
    edit<User>(flushed_before).age = 50;
    const Handle inserted_before = session->add(User{.name = "before"});
    session->flush();
    session->uow.begin_scope();
    const Handle touched = session->user(3);
    edit<User>(touched).age = 60;
    session->flush();
    session->uow.rollback_scope(0);
    CHECK(untouched->freshness == Freshness::fresh);
    CHECK(flushed_before->freshness == Freshness::fresh);
    CHECK(read<User>(flushed_before).age == 50);
    CHECK(inserted_before->state == ObjectState::persistent);
    CHECK(inserted_before->freshness == Freshness::fresh);
    CHECK(touched->freshness == Freshness::stale);
    CHECK(read<User>(touched).age == 30);
}

TEST_CASE("what was read in a rolled-back scope may never have been committed: it is stale", "[uow][unit]") {
    const auto session = Session::create();
    const Handle before = session->user(1);
    const Handle locked = session->user(2);
    session->uow.begin_scope();
    const Handle inside = session->user(3);
    CHECK(session->attach<User>(one_user(2, "Ada", 77), Populate::locked) == locked);
    CHECK(session->user(1) == before); // fresh: nothing was read into it
    session->uow.rollback_scope(0);
    CHECK(before->freshness == Freshness::fresh);
    CHECK(locked->freshness == Freshness::stale);
    CHECK(inside->freshness == Freshness::stale);
    CHECK(inside->state == ObjectState::persistent);
    CHECK(session->find<User>(std::int64_t{3}) == inside);
}

TEST_CASE("a rolled-back scope gives objects their states back", "[uow][unit]") {
    const auto session = Session::create();
    const Handle loaded = session->user(1);
    const Handle new_before = session->add(User{.name = "before"});
    session->flush();
    session->uow.begin_scope();
    const Handle inserted = session->add(User{.name = "inserted"});
    session->uow.remove(loaded, {});
    session->flush();
    session->uow.remove(new_before, {});
    session->flush();
    const Handle short_lived = session->add(User{.name = "short"});
    session->flush();
    session->uow.remove(short_lived, {});
    session->flush();
    const Handle pending = session->add(User{.name = "pending"});
    const Handle doomed = session->user(2);
    session->uow.remove(doomed, {});
    CHECK(loaded->state == ObjectState::deleted);
    CHECK(new_before->state == ObjectState::deleted);
    session->uow.rollback_scope(0);

    CHECK(loaded->state == ObjectState::persistent);
    CHECK(loaded->freshness == Freshness::stale);
    CHECK(session->find<User>(std::int64_t{1}) == loaded);
    CHECK(new_before->state == ObjectState::persistent);
    CHECK(new_before->inserted_now);
    CHECK(inserted->state == ObjectState::transient);
    CHECK_FALSE(inserted->key.has_value());
    CHECK(read<User>(inserted).id == 101); // the number was used up
    CHECK(session->find<User>(std::int64_t{101}) == nullptr);
    CHECK(short_lived->state == ObjectState::transient);
    CHECK(pending->state == ObjectState::transient);
    CHECK(doomed->state == ObjectState::persistent);
    CHECK_FALSE(doomed->doomed);
    CHECK(session->uow.plan().empty());

    // And the transaction still knows what it has done itself.
    session->uow.rolled_back();
    CHECK(new_before->state == ObjectState::transient);
    CHECK(loaded->state == ObjectState::persistent);
}

TEST_CASE("keys that changed hands in a rolled-back scope return to their objects", "[uow][unit]") {
    const auto session = Session::create();
    const Handle first = session->attach<Line>(one_line(1, 1, "nail", 1));
    const Handle second = session->attach<Line>(one_line(2, 1, "screw", 2));
    const Handle third = session->attach<Line>(one_line(3, 1, "bolt", 3));
    session->uow.begin_scope();
    session->uow.remove(first, {});
    session->flush();
    edit<Line>(second).order_no = 1;
    session->flush();
    edit<Line>(third).order_no = 2;
    session->flush();
    edit<Line>(third).order_no = 9;
    session->flush();
    CHECK(session->find<Line>(std::int32_t{1}, std::int16_t{1}) == second);
    session->uow.rollback_scope(0);
    CHECK(session->find<Line>(std::int32_t{1}, std::int16_t{1}) == first);
    CHECK(session->find<Line>(std::int32_t{2}, std::int16_t{1}) == second);
    CHECK(session->find<Line>(std::int32_t{3}, std::int16_t{1}) == third);
    CHECK(session->find<Line>(std::int32_t{9}, std::int16_t{1}) == nullptr);
    CHECK(read<Line>(third).order_no == 3);
}

TEST_CASE("an object read under the key of a deleted one gives way on rollback", "[uow][unit]") {
    const auto session = Session::create();
    const Handle line = session->attach<Line>(one_line(7, 1, "nail", 1));
    session->uow.begin_scope();
    const bool moved = GENERATE(false, true);
    if (moved) {
        edit<Line>(line).line_no = 2;
        session->flush();
    }
    session->uow.remove(line, {});
    session->flush();
    const Handle other = session->attach<Line>(one_line(7, 1, "put there by SQL", 5));
    REQUIRE(other != line);
    session->uow.remove(other, {});
    session->flush();
    const Handle latest = session->attach<Line>(one_line(7, 1, "and again", 6));
    edit<Line>(latest).quantity = 7;
    session->flush();
    session->uow.rollback_scope(0);
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == line);
    CHECK(line->state == ObjectState::persistent);
    CHECK(other->state == ObjectState::detached);
    CHECK(latest->state == ObjectState::detached);
}

TEST_CASE("what a released scope did is undone by the one around it", "[uow][unit]") {
    const auto session = Session::create();
    const Handle edited = session->user(1, "Ada", 30);
    const Handle removed = session->user(2);
    const bool outer_flushed = GENERATE(false, true);
    session->uow.begin_scope();
    if (outer_flushed) {
        edit<User>(edited).age = 40;
        session->flush();
    }
    session->uow.begin_scope();
    session->uow.begin_scope();
    edit<User>(edited).age = 50;
    session->uow.remove(removed, {});
    const Handle added = session->add(User{.name = "new"});
    session->flush();
    session->uow.release_scope(2);
    CHECK(session->uow.open_scopes() == 2);
    CHECK(added->state == ObjectState::persistent);
    SECTION("by the middle one") {
        session->uow.rollback_scope(1);
        CHECK(read<User>(edited).age == (outer_flushed ? 40 : 30));
        CHECK(added->state == ObjectState::transient);
        CHECK(removed->state == ObjectState::persistent);
    }
    SECTION("by the outermost one, after the middle one was released as well") {
        session->uow.release_scope(1);
        session->uow.rollback_scope(0);
        CHECK(read<User>(edited).age == 30);
        CHECK(read<User>(edited).version == 0);
        CHECK(added->state == ObjectState::transient);
        CHECK(removed->state == ObjectState::persistent);
    }
    SECTION("by the outermost one, which ends those within") {
        session->uow.rollback_scope(0);
        CHECK(session->uow.open_scopes() == 1);
        CHECK(read<User>(edited).age == 30);
        CHECK(added->state == ObjectState::transient);
    }
    SECTION("by the transaction") {
        session->uow.release_scope(0);
        session->uow.rolled_back();
        CHECK(read<User>(edited).age == 30);
        CHECK(added->state == ObjectState::transient);
        CHECK(removed->state == ObjectState::persistent);
    }
    SECTION("by nobody, if the transaction is committed") {
        session->uow.committed(ExpireOnCommit::keep);
        CHECK(session->uow.open_scopes() == 0);
        session->uow.rolled_back();
        CHECK(read<User>(edited).age == 50);
        CHECK(added->state == ObjectState::persistent);
        CHECK(removed->state == ObjectState::detached);
    }
}

TEST_CASE("objects that left the session in a scope are not brought back", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    const Handle other = session->user(2, "Bob", 30);
    session->uow.begin_scope();
    edit<User>(user).age = 31;
    edit<User>(other).age = 31;
    session->flush();
    SECTION("one") {
        session->uow.expunge(user);
        session->uow.rollback_scope(0);
        CHECK(read<User>(other).age == 30);
    }
    SECTION("all") {
        session->uow.expunge_all();
        session->uow.rollback_scope(0);
        CHECK(read<User>(other).age == 31);
    }
    CHECK(read<User>(user).age == 31);
    CHECK(user->state == ObjectState::detached);
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);
}

TEST_CASE("an object expired in a scope has the values of the savepoint in it, and stays expired", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    session->uow.begin_scope();
    edit<User>(user).age = 31;
    session->flush();
    session->uow.expire(user, {});
    session->uow.rollback_scope(0);
    CHECK(user->freshness == Freshness::expired);
    session->uow.remove(user, {});
    CHECK(dump(session->uow.plan().statements.at(0).parameters) == parameters(std::int64_t{1}, std::int32_t{0}));
}

TEST_CASE("objects dropped in a scope leave no trace, whoever gets their memory", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.begin_scope();
    for (std::int64_t id = 1; id <= 300; ++id) {
        const Handle user = session->user(id, "Ada", 30);
        edit<User>(user).age = 31;
        session->flush();
    }
    const Handle last = session->user(1'000, "Ada", 30);
    edit<User>(last).age = 31;
    session->flush();
    session->uow.rollback_scope(0);
    CHECK(read<User>(last).age == 30);
    int living = 0;
    session->uow.identity_map().for_each([&living](const Handle&) { ++living; });
    CHECK(living == 1);
}

namespace {

/// What a rollback must bring back: whether there is a row, under which key, with which values.
struct Picture {
    bool row = false;
    std::string key;
    std::string article;
    std::int32_t quantity = 0;
    friend bool operator==(const Picture&, const Picture&) = default;
};

Picture picture(const Handle& line) {
    if (line->state != ObjectState::persistent)
        return {};
    const Line& values = read<Line>(line);
    return {true, std::string{line->key.view()}, values.article, values.quantity};
}

} // namespace

TEST_CASE("any sequence of changes, savepoints and their ends is undone exactly", "[uow][unit]") {
    const unsigned seed = GENERATE(range(1U, 201U));
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto below = [&random](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
    };
    const auto session = Session::create();
    std::vector<Handle> lines;
    std::int32_t next = 1;
    for (; next <= 6; ++next)
        lines.push_back(session->attach<Line>(one_line(next, 1, "article", next)));
    std::vector<std::vector<Picture>> pictures; // one for each open scope
    const auto look = [&lines] {
        std::vector<Picture> now;
        for (const Handle& line : lines)
            now.push_back(picture(line));
        return now;
    };
    const std::vector<Picture> start = look();
    const auto same = [&look](std::vector<Picture> before) {
        std::vector<Picture> now = look();
        before.resize(now.size()); // objects added since have no row any more
        return now == before;
    };
    for (int step = 0; step < 120; ++step) {
        const Handle line = lines[below(lines.size())];
        const std::size_t what = below(12);
        CAPTURE(step, what);
        if (what < 4) {
            if (line->state == ObjectState::persistent) {
                edit<Line>(line).quantity += 10;
                if (what == 0)
                    edit<Line>(line).order_no = ++next;
            }
        } else if (what == 4) {
            lines.push_back(session->add(Line{.order_no = ++next, .line_no = 1, .article = "added", .quantity = 0}));
        } else if (what == 5) {
            if (line->state == ObjectState::persistent)
                session->uow.remove(line, {});
        } else if (what < 8) {
            session->flush();
        } else if (what < 10) {
            session->flush();
            session->uow.begin_scope();
            pictures.push_back(look());
        } else if (!pictures.empty()) {
            const std::size_t index = below(pictures.size());
            if (what == 10) {
                session->flush();
                session->uow.release_scope(index);
            } else {
                session->uow.rollback_scope(index);
                REQUIRE(same(pictures[index]));
                CHECK(session->uow.plan().empty());
                for (const Handle& each : lines) {
                    if (each->state == ObjectState::persistent)
                        REQUIRE(session->uow.find(each->mapper(), each->key) == each);
                }
                session->uow.release_scope(index);
            }
            pictures.resize(index);
        }
        REQUIRE(session->uow.open_scopes() == pictures.size());
    }
    session->uow.rolled_back();
    CHECK(same(start));
}
