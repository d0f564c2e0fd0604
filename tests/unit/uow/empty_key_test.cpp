// The key of an empty text has no bytes, and is a key like any other.
#include "uow/merge.hpp"

#include "support.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace uow_test;
using corm::uow::Merge;

namespace {

Handle word(Session& session, const std::string& name, std::int32_t uses) {
    EncodedRows rows{{{"name", oids::text}, {"uses", oids::int4}}};
    rows.row(name, uses);
    return session.attach<Word>(rows);
}

} // namespace

TEST_CASE("an expunged object of an empty key leaves the session", "[uow][unit]") {
    const auto session = Session::create();
    const Handle old = word(*session, "", 1);
    CHECK(old->describe() != "Word");
    session->uow.expunge(old);
    CHECK(session->find<Word>(std::string{}) == nullptr);
    const Handle again = word(*session, "", 1);
    CHECK(again != old);
    edit<Word>(again).uses = 2;
    CHECK(outline(session->uow.plan()) == Outline{"update words 1"});
}

TEST_CASE("a rollback gives an empty key back", "[uow][unit]") {
    const auto session = Session::create();
    const Handle renamed = word(*session, "", 1);
    edit<Word>(renamed).name = "x";
    session->flush();
    CHECK(session->find<Word>(std::string{"x"}) == renamed);
    edit<Word>(renamed).name = "y";
    session->flush();
    SECTION("of the transaction") {
        session->uow.rolled_back();
        CHECK(session->find<Word>(std::string{}) == renamed);
        CHECK(session->find<Word>(std::string{"y"}) == nullptr);
        CHECK(read<Word>(renamed).name.empty());
        CHECK_FALSE(renamed->key_at_begin().has_value());
    }
    SECTION("of a transaction whose session is gone") {
        const auto other = Session::create();
        renamed->scope.reset();
        other->uow.add(renamed, {});
        CHECK(other->find<Word>(std::string{}) == renamed);
    }
}

TEST_CASE("an object of an empty key is merged into its row", "[uow][unit]") {
    const auto session = Session::create();
    Merge unknown{session->uow, {make(Word{.name = "", .uses = 2})}};
    REQUIRE(unknown.unread().size() == 1);
    CHECK(unknown.unread().front().keys == std::vector<std::string>{""});
    const Handle known = word(*session, "", 1);
    Merge merge{session->uow, {make(Word{.name = "", .uses = 2})}};
    CHECK(merge.unread().empty());
    CHECK(merge.finish({}) == std::vector{known});
    CHECK(read<Word>(known).uses == 2);
    CHECK(outline(session->uow.plan()) == Outline{"update words 1"});

    const auto other = Session::create();
    const Handle detached = word(*other, "", 3);
    other->uow.expunge(detached);
    session->uow.revert(known);
    CHECK(Merge{session->uow, {detached}}.take({}) == std::vector{known});
    CHECK(read<Word>(known).uses == 3);
}

TEST_CASE("new objects of one empty key are one", "[uow][unit]") {
    const auto session = Session::create();
    const Handle pending = session->add(Word{.name = "", .uses = 1});
    Merge merge{session->uow, {make(Word{.name = "", .uses = 2})}};
    CHECK(merge.finish({}) == std::vector{pending});
    CHECK(read<Word>(pending).uses == 2);
    CHECK_FALSE(pending->key.has_value());
    CHECK(pending->describe() == "Word");
    session->flush();
    CHECK(session->find<Word>(std::string{}) == pending);
}
