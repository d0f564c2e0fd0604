// IM, AB, UO, BT: what hooks see and may do.
#include "graph.hpp"

#include "support/refused.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <memory>
#include <utility>

namespace graph {
using Catch::Matchers::ContainsSubstring;
using corm::test::refused;

namespace {

corm::EngineOptions with(std::shared_ptr<corm::SessionHooks> hooks) {
    corm::EngineOptions options;
    options.hooks = std::move(hooks);
    return options;
}

} // namespace

TEST_CASE("IM-15 a row that was flushed and is loaded by a hook is the flushed object", "[conformance]") {
    const auto hooks = std::make_shared<corm::SessionHooks>();
    bool same = false;
    hooks->after_flush([&](const corm::SessionHandle& session,
                           const corm::FlushedObjects& flushed) -> corm::Task<void> {
        const auto inserted = flushed.inserted<Address>();
        if (inserted.empty())
            co_return;
        const auto user = co_await session->get_one<User>(7);
        co_await session->load(user, corm::load<&User::addresses>);
        const auto again = co_await session->get<Address>(inserted.front()->id);
        same = user->addresses.size() == 2 && user->addresses.contains(inserted.front()) && again == inserted.front();
    });
    Fixture f{stock, with(hooks)};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto address = session.add(Address{.user_id = 7, .email = "new"});
        co_await session.flush();
        CHECK(same);
        CHECK(state_of(address) == ObjectState::persistent);
        co_await session.commit();
    });
}

TEST_CASE("AB-13 hooks behind the end of a transaction may not use it", "[conformance]") {
    const auto hooks = std::make_shared<corm::SessionHooks>();
    List said;
    const auto query = [&](const corm::SessionHandle& session) -> corm::Task<void> {
        said.push_back(co_await refused([&] { return session->all(corm::select<User>()); }));
    };
    hooks->after_commit(query).after_rollback(query);
    Fixture f{stock, with(hooks)};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.add(User{.name = "u"});
        co_await session.commit();
        session.add(User{.name = "v"});
        co_await session.flush();
        co_await session.rollback();
        // The session goes on afterwards.
        const auto found = co_await session.all(corm::select<User>());
        CHECK(found.size() == 5);
    });
    REQUIRE(said.size() == 2);
    CHECK_THAT(said[0], ContainsSubstring("a query was called by the after_commit hook"));
    CHECK_THAT(said[1], ContainsSubstring("a query was called by the after_rollback hook"));
}

TEST_CASE("UO-24 what a hook of a flush may not do", "[conformance]") {
    const auto hooks = std::make_shared<corm::SessionHooks>();
    List said;
    Ref<User> jack;
    hooks
        ->after_insert<User>([&](Ref<User> user) -> corm::Task<void> {
            const corm::SessionHandle session = corm::object_session(user);
            const auto address = corm::transient(Address{.email = "a"});
            said.push_back(co_await refused([&] { jack.edit().addresses.push_back(address); }));
            said.push_back(co_await refused([&] { jack.edit().addresses.clear(); }));
            said.push_back(co_await refused([&] { session->add(User{.name = "w"}); }));
            said.push_back(co_await refused([&] { return session->merge(User{.id = 8, .name = "x"}); }));
            said.push_back(co_await refused([&] { session->remove(jack); }));
        })
        .before_flush([&](const corm::SessionHandle& session) -> corm::Task<void> {
            said.push_back(co_await refused([&] { return session->flush(); }));
        });
    Fixture f{stock, with(hooks)};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        jack = co_await with_addresses<User>(session, 7);
        session.add(User{.name = "u"});
        co_await session.commit();
        REQUIRE(said.size() == 6);
        CHECK_THAT(said[0],
                   ContainsSubstring("flush() was called by the before_flush hook, while its flush is under way"));
        for (std::size_t i = 1; i < said.size(); ++i)
            CHECK_THAT(said[i], ContainsSubstring("was called by the after_insert hook of User("));
        const auto found = co_await session.all(corm::select<User>());
        CHECK(found.size() == 5);
        CHECK(jack->addresses.size() == 1);
    });
    jack = {};
}

TEST_CASE("UO-25 objects that a hook touches are not written", "[conformance]") {
    const auto hooks = std::make_shared<corm::SessionHooks>();
    List said;
    Ref<User> jack, ed;
    hooks->after_update<User>([&](Ref<User> user) -> corm::Task<void> {
        said.push_back(co_await refused([&] { ed.edit().name = "touched"; }));
        said.push_back(co_await refused([&] { user.edit().name = "touched"; }));
    });
    Fixture f{stock, with(hooks)};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        jack = co_await session.get_one<User>(7);
        ed = co_await session.get_one<User>(8);
        jack.edit().name = "u2";
        co_await session.flush();
        CHECK(session.dirty<User>().empty());
        CHECK(ed->name == "ed");
        CHECK(jack->name == "u2");
        co_await session.commit();
    });
    REQUIRE(said.size() == 2);
    for (const std::string& text : said)
        CHECK_THAT(text, ContainsSubstring("edit() was called by the after_update hook of User(7)"));
    jack = {};
    ed = {};
}

TEST_CASE("BT-04 hooks before and behind each insert, or each batch", "[conformance]") {
    const auto hooks = std::make_shared<corm::SessionHooks>();
    List said;
    hooks->before_insert<User>([&](Ref<User> user) { said.push_back("before " + user->name); })
        .after_insert<User>([&](Ref<User> user) { said.push_back("after " + user->name); });
    Fixture f{"", with(hooks)};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        for (const char* name : {"b", "c", "a"})
            session.add(User{.name = name});
        co_await session.flush();
        CHECK(said == List{"before b", "before c", "before a", "after b", "after c", "after a"});
        CHECK(f.statements() == List{"INSERT users"});
        co_await session.commit();
    });
}

} // namespace graph
