// LO, LK, EX: relations that come in the rows of a query, locks on them, and collections in an order.
#include "graph.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>

namespace graph {
namespace {

/// The same tables: the addresses of a user by their text, and one of them alone.
struct Mail;
struct Reader {
    std::int64_t id = 0;
    std::string name{};
    Many<Mail> mails{};
    One<Mail> only{};
};
BOOST_DESCRIBE_STRUCT(Reader, (), (id, name, mails, only))
struct Mail {
    std::int64_t id = 0;
    std::optional<std::int64_t> user_id{};
    std::string email{};
};
BOOST_DESCRIBE_STRUCT(Mail, (), (id, user_id, email))
constexpr auto corm_mapping(corm::type<Mail>) {
    return corm::table<Mail>("addresses").primary_key<&Mail::id>();
}
constexpr auto corm_mapping(corm::type<Reader>) {
    return corm::table<Reader>("users")
        .primary_key<&Reader::id>()
        .one_to_many<&Reader::mails, &Mail::user_id>()
        .order_by<&Reader::mails, &Mail::email>()
        .one_to_one_inverse<&Reader::only, &Mail::user_id>();
}
/// Keywords from the last to the first.
struct Thing {
    std::int64_t id = 0;
    std::string name{};
    Many<Keyword> keywords{};
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, name, keywords))
constexpr auto corm_mapping(corm::type<Thing>) {
    return corm::table<Thing>("items")
        .primary_key<&Thing::id>()
        .many_to_many<&Thing::keywords>(corm::association("item_keywords", {"item_id"}, {"keyword_id"}))
        .order_by<&Thing::keywords, corm::descending<&Keyword::name>>();
}

corm::query::Select<Address> addresses() {
    return corm::select<Address>().order_by(corm::asc<&Address::id>);
}

constexpr const char* stock_and_nobody = "insert into addresses values (9, null, 'nobody');";

} // namespace

TEST_CASE("an expired object comes with its reference by one statement, or by two: EX-05", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await session.one(addresses().limit(1).with<&Address::user>());
        session.expire_all();
        f.statements();
        co_await session.refresh(jack);
        co_await session.load(jack, corm::load<&Address::user>);
        CHECK(f.statements() == List{"SELECT addresses", "SELECT users"});
        session.expire_all();
        const auto again = co_await session.one(addresses().limit(1).with_joined<&Address::user>());
        CHECK(again == jack);
        CHECK(jack->user->name == "jack");
        CHECK(f.statements() == List{"SELECT addresses"});
    });
}

TEST_CASE("LO-04 collections have the order of their mapping, and a single object is the only one", "[conformance]") {
    Fixture f{std::string{graph_schema} + stock +
              "insert into items (name) values ('i'); insert into keywords (name) values ('b'), ('c'), ('a');"
              "insert into item_keywords values (1, 1), (1, 2), (1, 3);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await session.get_one<Reader>(8);
        co_await session.load(ed, corm::load<&Reader::mails>);
        CHECK(ed->mails[0]->email == "ed@bettyboop.com");
        CHECK(ed->mails[1]->email == "ed@lala.com");
        CHECK(ed->mails[2]->email == "ed@wood.com");
        const auto item = co_await session.one(corm::select<Thing>().with<&Thing::keywords>());
        CHECK(item->keywords[0]->name == "c");
        CHECK(item->keywords[2]->name == "a");
        const auto jack = co_await session.get_one<Reader>(7);
        co_await session.load(jack, corm::load<&Reader::only>);
        CHECK(jack->only->email == "jack@bean.com");
        const auto several = co_await failure(session.load(ed, corm::load<&Reader::only>));
        CHECK(message_of(several).starts_with("Reader(8).only has 3 rows"));
    });
}

// Collections are not joined at all, by a static_assert.
TEST_CASE("LO-15 every row of a query with joins is one object", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto all = co_await session.all(addresses().with_joined<&Address::user>());
        CHECK(all.size() == 5);
        CHECK(all[1]->user == all[2]->user.get());
        CHECK(f.sql() == 1);
        const auto twice = co_await failure(session.all(corm::select<Reader>().with_joined<&Reader::only>()));
        CHECK(message_of(twice).starts_with("Reader(8).only has several rows"));
    });
}

TEST_CASE("LO-17 an inner join leaves out objects that refer to nothing, an outer one does not", "[conformance]") {
    Fixture f{std::string{stock} + stock_and_nobody};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto inner = co_await session.all(addresses().with_inner_joined<&Address::user>());
        CHECK(inner.size() == 5);
        const auto outer = co_await session.all(addresses().with_joined<&Address::user>());
        CHECK(outer.size() == 6);
        CHECK(outer[5]->user.is_loaded());
        CHECK_FALSE(outer[5]->user);
        CHECK(f.sql() == 2);
    });
}

TEST_CASE("LO-21 a refresh does not join again what a query had joined", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await session.first(addresses().with_joined<&Address::user>());
        session.expire_all();
        f.statements();
        co_await session.refresh(jack);
        CHECK_FALSE(jack->user.is_loaded());
        CHECK(f.statements() == List{"SELECT addresses"});
        co_await session.load(jack, corm::load<&Address::user>);
        CHECK(f.statements() == List{"SELECT users"});
    });
}

TEST_CASE("LK-04 a lock on a query with joins is on the rows that are selected, others are named", "[conformance]") {
    Fixture f{std::string{stock} + stock_and_nobody};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine}, other{f.engine};
        const auto outer = addresses().with_joined<&Address::user>().for_update();
        const auto all = co_await session.all(outer);
        CHECK(all.size() == 6);
        const auto free = co_await other.all(corm::select<User>().for_update().skip_locked());
        CHECK(free.size() == 4);
        const auto taken = co_await other.all(addresses().for_update().skip_locked());
        CHECK(taken.empty());
        co_await other.rollback();
        const auto limited = co_await session.all(
            addresses().limit(1).with_inner_joined<&Address::user>().for_update().lock_joined<&Address::user>());
        CHECK(limited[0]->user->name == "jack");
        const auto rest = co_await other.all(corm::select<User>().for_update().skip_locked());
        CHECK(rest.size() == 3);
    });
}

TEST_CASE("LK-05 of a query with joins and a limit, so many rows are locked", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine}, other{f.engine};
        const auto locked = co_await session.all(addresses().limit(2).with_joined<&Address::user>().for_update());
        CHECK(locked.size() == 2);
        const auto free = co_await other.all(addresses().with_joined<&Address::user>().for_update().skip_locked());
        CHECK(free.size() == 3);
        CHECK(free[0]->id == 3);
        CHECK(free[0]->user == free[1]->user.get());
    });
}

TEST_CASE("derived tables fit: ordered relations", "[verify][conformance]") {
    CHECK(corm::test::misfit_of<Mail, Reader>() == "");
    CHECK(corm::test::misfit_of<Thing, Keyword>() == "");
}

} // namespace graph
