// What cases say about relations whose other parts are tested elsewhere, under their numbers.
#include "graph.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace graph {
using Catch::Matchers::ContainsSubstring;

namespace {

/// A versioned row with one child, which has a version of its own.
struct Detail;
struct Head {
    std::int64_t id = 0;
    std::int32_t version_id = 1;
    One<Detail> detail{};
};
BOOST_DESCRIBE_STRUCT(Head, (), (id, version_id, detail))
struct Detail {
    std::int64_t id = 0;
    std::int32_t version_id = 1;
    std::optional<std::int64_t> head_id{};
    std::string text{};
    One<Head> head{};
};
BOOST_DESCRIBE_STRUCT(Detail, (), (id, version_id, head_id, text, head))
constexpr auto corm_mapping(corm::type<Head>) {
    return corm::table<Head>("heads")
        .primary_key<&Head::id>()
        .version<&Head::version_id>()
        .one_to_one_inverse<&Head::detail, &Detail::head_id>(corm::cascade_all_delete_orphan);
}
constexpr auto corm_mapping(corm::type<Detail>) {
    return corm::table<Detail>("details")
        .primary_key<&Detail::id>()
        .version<&Detail::version_id>()
        .one_to_one<&Detail::head, &Detail::head_id>();
}
constexpr const char* heads = R"(
    create table heads (id bigserial primary key, version_id int not null);
    create table details (id bigserial primary key, version_id int not null,
                          head_id bigint unique references heads, text text not null);
    insert into heads values (1, 1);
    insert into details values (1, 1, 1, 'old');)";

/// Another detail under the same key.
corm::Task<Ref<Detail>> switch_detail(const corm::AsyncSession& session, std::string text) {
    const auto head = co_await session.get_one<Head>(1);
    co_await session.load(head, corm::load<&Head::detail>);
    session.remove(head->detail.get());
    const auto fresh = corm::transient(Detail{.id = 1, .text = std::move(text)});
    head.edit().detail = fresh;
    co_return fresh;
}

} // namespace

TEST_CASE("a changed collection as the cause: AB-09", "[conformance]") {
    Fixture f{std::string{stock} + "alter table addresses add check (email <> '');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<User>(session, 8);
        ed.edit().addresses.push_back(corm::transient(Address{}));
        const auto error = co_await failure(session.all(corm::select<Node>()));
        CHECK_THAT(message_of(error), ContainsSubstring("ahead of a query (autoflush)"));
        co_await session.rollback();
    });
    CHECK(f.query("select count(*) from addresses") == "5");
}

TEST_CASE("loading a relation sends the changes of other objects first: AB-11", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto address = co_await session.get_one<Address>(1);
        const auto fred = co_await session.get_one<User>(9);
        address.edit().user_id = 9;
        f.statements();
        co_await session.load(fred, corm::load<&User::addresses>);
        CHECK(f.statements() == List{"UPDATE addresses", "SELECT addresses"});
        CHECK(fred->addresses.size() == 2);
        CHECK(fred->addresses.contains(address));
        co_await session.commit();
    });
}

TEST_CASE("children come and go with the collection of a switched row: UO-21", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto old = co_await with_addresses<Owner>(session, 8);
        session.remove(old);
        const auto a = corm::transient(OwnedAddress{.email = "a@new"}),
                   b = corm::transient(OwnedAddress{.email = "b@new"});
        const auto fresh = session.add(Owner{.id = 8, .name = "new", .addresses = {a, b}});
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE users", "LOCK addresses", "INSERT addresses", "DELETE addresses"});
        CHECK(state_of(old) == ObjectState::deleted);
        CHECK(fresh->addresses.size() == 2);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(email, ',' order by id) from addresses where user_id = 8") == "a@new,b@new");
    CHECK(f.query("select count(*) from addresses") == "4");
}

TEST_CASE("a rollback takes a new object out of the collection it was in: RB-03", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<User>(session, 8);
        const auto added = corm::transient(Address{.email = "new@x"});
        ed.edit().name = "renamed";
        ed.edit().addresses.push_back(added);
        const auto found = co_await session.all(corm::select<Address>().where(corm::col<&Address::user_id> == 8));
        CHECK(found.size() == 4);
        co_await session.rollback();
        CHECK(ed->name == "ed");
        CHECK(state_of(added) == ObjectState::transient);
        CHECK(added->email == "new@x");
        co_await session.load(ed, corm::load<&User::addresses>);
        CHECK(ed->addresses.size() == 3);
        CHECK_FALSE(ed->addresses.contains(added));
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses") == "5");
}

TEST_CASE("a rollback takes marks back that came by a cascade, and orphans: RB-04", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<Owner>(session, 8);
        const Ref<OwnedAddress> orphan = ed->addresses[0];
        session.remove(ed);
        co_await session.flush(); // marks what it reaches
        CHECK(state_of(orphan) == ObjectState::deleted);
        co_await session.rollback();
        CHECK(state_of(orphan) == ObjectState::persistent);
        CHECK(session.deleted<OwnedAddress>().empty());
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);

        co_await session.load(ed, corm::load<&Owner::addresses>);
        CHECK(ed.edit().addresses.remove(orphan));
        co_await session.flush();
        CHECK(state_of(orphan) == ObjectState::deleted);
        co_await session.rollback();
        CHECK(state_of(orphan) == ObjectState::persistent);
        co_await session.load(ed, corm::load<&Owner::addresses>);
        CHECK(ed->addresses.contains(orphan));
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses") == "5");
}

TEST_CASE("a switched child of a one-to-one counts its version: VE-08", "[conformance]") {
    Fixture f{heads};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto fresh = co_await switch_detail(session, "new");
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"UPDATE details"});
        CHECK(fresh->version_id == 2);
        CHECK(f.query("select text || version_id || head_id from details") == "new21");

        // Somebody else changes the row first.
        corm::AsyncSession other{f.engine};
        const auto theirs = co_await other.get_one<Detail>(1);
        co_await switch_detail(session, "late");
        theirs.edit().text = "theirs";
        co_await other.commit();
        const auto stale = co_await failure(session.commit());
        CHECK(caught<corm::StaleDataError>(stale).keys() == List{"1"});
        co_await session.rollback();
    });
    CHECK(f.query("select text || version_id from details") == "theirs3");
}

TEST_CASE("derived tables fit: versions of a pair", "[verify][conformance]") {
    CHECK(corm::test::misfit_of<Head, Detail>() == "");
}

} // namespace graph
