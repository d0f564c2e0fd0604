// Pages by the values of their last rows, and queries from what users typed.
#include "company.hpp"
#include "support/fits.hpp"

#include <corm/query/fields.hpp>

#include <boost/describe/enum.hpp>

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::col;
using corm::select;

namespace {

struct Entry {
    std::int64_t id = 0;
    std::optional<std::int32_t> rank{};
    std::string word;
    double weight = 0;
};
BOOST_DESCRIBE_STRUCT(Entry, (), (id, rank, word, weight))
constexpr auto corm_mapping(corm::type<Entry>) {
    return corm::table<Entry>("entries").primary_key<&Entry::id>();
}

enum class Mood { sad, fine, glad };
BOOST_DESCRIBE_ENUM(Mood, sad, fine, glad)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::pg_enum("mood");
}
struct Moody {
    std::int32_t id = 0;
    Mood mood = Mood::sad;
};
BOOST_DESCRIBE_STRUCT(Moody, (), (id, mood))
constexpr auto corm_mapping(corm::type<Moody>) {
    return corm::table<Moody>("moods").primary_key<&Moody::id>();
}

constexpr const char* entries = R"(
    create table entries (id bigint primary key, rank int, word text not null, weight float8 not null);
    insert into entries select n, case when n % 4 = 0 then null else n % 3 end, 'w' || n % 5, n % 7 / 3.0
        from generate_series(1, 103) n;
)";

using Ids = std::vector<std::int64_t>;

/// All pages, one after the other, each of which must be full but for the last.
Ids paged(Company& c, const corm::query::Select<Entry>& query, std::int64_t size) {
    Ids ids;
    c.run([&]() -> corm::Task<> {
        std::string after;
        do {
            corm::AsyncSession session{c.engine};
            const corm::PageOptions options{size, after};
            const corm::Page<Entry> page = co_await session.page(query, options);
            CHECK((page.items.size() == static_cast<std::size_t>(size) || page.next.empty()));
            for (const auto& entry : page.items)
                ids.push_back(entry->id);
            after = page.next;
        } while (!after.empty());
    });
    return ids;
}

/// Where the second page of two rows begins.
std::string token_of(Company& c, const corm::query::Select<Entry>& query) {
    std::string token;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const corm::PageOptions options{2, {}};
        const corm::Page<Entry> page = co_await session.page(query, options);
        token = page.next;
    });
    return token;
}

Ids whole(Company& c, const corm::query::Select<Entry>& query) {
    Ids ids;
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        for (const auto& entry : co_await session.all(query))
            ids.push_back(entry->id);
    });
    return ids;
}

} // namespace

TEST_CASE("The mapping of the entries fits its table", "[query][integration]") {
    CHECK(corm::test::misfit_of<Entry>() == "");
    CHECK(corm::test::misfit_of<Moody>() == "");
}

TEST_CASE("Pages put together are the query", "[query][integration]") {
    Company c{entries};
    const auto all = select<Entry>();
    const std::vector<std::pair<corm::query::Select<Entry>, corm::query::Select<Entry>>> orders{
        {all, select<Entry>().order_by(corm::asc<&Entry::id>)},
        {select<Entry>().order_by(corm::desc<&Entry::id>), select<Entry>().order_by(corm::desc<&Entry::id>)},
        {select<Entry>().order_by(corm::asc<&Entry::word>),
         select<Entry>().order_by(corm::asc<&Entry::word>, corm::asc<&Entry::id>)},
        {select<Entry>().order_by(corm::desc<&Entry::word>, corm::asc<&Entry::weight>),
         select<Entry>().order_by(corm::desc<&Entry::word>, corm::asc<&Entry::weight>, corm::asc<&Entry::id>)},
        {select<Entry>().order_by(corm::asc<&Entry::rank>),
         select<Entry>().order_by(corm::asc<&Entry::rank>, corm::asc<&Entry::id>)},
        {select<Entry>().order_by(corm::desc<&Entry::rank>, corm::desc<&Entry::word>),
         select<Entry>().order_by(corm::desc<&Entry::rank>, corm::desc<&Entry::word>, corm::desc<&Entry::id>)},
        {select<Entry>().order_by(corm::asc<&Entry::rank>.nulls_first(), corm::desc<&Entry::weight>),
         select<Entry>().order_by(corm::asc<&Entry::rank>.nulls_first(), corm::desc<&Entry::weight>,
                                  corm::desc<&Entry::id>)},
        {select<Entry>().order_by(corm::desc<&Entry::rank>.nulls_last()),
         select<Entry>().order_by(corm::desc<&Entry::rank>.nulls_last(), corm::desc<&Entry::id>)},
    };
    for (const auto& [query, expected] : orders) {
        const Ids wanted = whole(c, expected);
        REQUIRE(wanted.size() == 103);
        for (const std::int64_t size : {1, 7, 50, 103, 200})
            CHECK(paged(c, query, size) == wanted);
    }
    CHECK(paged(c, select<Entry>().where(col<&Entry::word> == "w3" || col<&Entry::word> == "w1"), 10) ==
          whole(c, select<Entry>()
                       .where(col<&Entry::word> == "w3" || col<&Entry::word> == "w1")
                       .order_by(corm::asc<&Entry::id>)));
}

TEST_CASE("Rows that come and go between two pages shift nothing", "[query][integration]") {
    Company c{entries};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto query = select<Entry>().order_by(corm::asc<&Entry::id>);
        const corm::PageOptions first{10, {}};
        const corm::Page<Entry> page = co_await session.page(query, first);
        static_cast<void>(co_await session.execute(corm::delete_from<Entry>().where(col<&Entry::id> <= 10)));
        session.add(Entry{-5, 1, "new", 1});
        const corm::PageOptions second{10, page.next};
        const corm::Page<Entry> next = co_await session.page(query, second);
        CHECK(next.items.front()->id == 11);
        CHECK(next.items.back()->id == 20);
    });
}

TEST_CASE("A plain order is one comparison of rows, which an index serves", "[query][integration]") {
    Company c{entries};
    const auto query = select<Entry>().order_by(corm::desc<&Entry::word>);
    const corm::query::PagedQuery second = corm::query::paged(query.erased(), {2, token_of(c, query)});
    CHECK_THAT(corm::sql::compile(second.query.statement).text,
               ContainsSubstring("WHERE ((\"word\", \"id\") < ($1, $2)) ORDER BY \"word\" DESC, \"id\" DESC LIMIT $3"));
}

TEST_CASE("Tokens that were not made for the query are refused", "[query][integration]") {
    Company c{entries};
    const auto query = select<Entry>().order_by(corm::asc<&Entry::word>);
    const auto page = [&](const corm::query::Select<Entry>& of, const corm::PageOptions& options) {
        return corm::query::paged(of.erased(), options);
    };
    const std::string token = token_of(c, query);
    CHECK_NOTHROW(page(query, {2, token}));
    const auto refused = MessageMatches(ContainsSubstring("page token"));
    for (std::size_t size = 1; size < token.size(); ++size)
        CHECK_THROWS_MATCHES(page(query, {2, token.substr(0, size)}), corm::ConversionError, refused);
    for (const char* other : {"x", "'; drop table entries; --", "AAAAAAAAAAAAAAAA", "////", "\n"})
        CHECK_THROWS_MATCHES(page(query, {2, other}), corm::ConversionError, refused);
    CHECK_THROWS_MATCHES(page(query, {2, token + "AAAA"}), corm::ConversionError, refused);
    CHECK_THROWS_MATCHES(page(select<Entry>().order_by(corm::desc<&Entry::word>), {2, token}), corm::ConversionError,
                         refused);
    CHECK_THROWS_MATCHES(page(select<Entry>(), {2, token}), corm::ConversionError, refused);
    CHECK_THROWS_AS(page(query, {0, {}}), corm::MappingError);
    CHECK_THROWS_AS(page(select<Entry>().limit(3), {2, {}}), corm::MappingError);
    CHECK_THROWS_AS(page(select<Entry>().order_by(corm::lower(col<&Entry::word>).asc()), {2, {}}), corm::MappingError);
}

TEST_CASE("The next page begins behind the row, whatever the session has made of its object", "[query][integration]") {
    Company c{entries};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const corm::Ref<Entry> edited = co_await session.get<Entry>(2);
        corm::AsyncSession other{c.engine};
        co_await other.execute(corm::update<Entry>().set<&Entry::weight>(-1.0).where(col<&Entry::id> == 2));
        co_await other.commit();
        const auto query = select<Entry>().where(col<&Entry::id> <= 3).order_by(corm::asc<&Entry::weight>);
        std::string after;
        Ids ids;
        do {
            const corm::PageOptions options{1, after};
            const corm::Page<Entry> page = co_await session.page(query, options);
            ids.push_back(page.items.front()->id);
            after = page.next;
        } while (!after.empty());
        CHECK(ids == Ids{2, 1, 3});
    });
}

TEST_CASE("Pages by an enum of the database", "[query][integration]") {
    Company c{"create type mood as enum ('sad', 'fine', 'glad');"
              "create table moods (id int primary key, mood mood not null);"
              "insert into moods values (1, 'glad'), (2, 'sad'), (3, 'fine');"};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        std::string after;
        std::vector<std::int32_t> ids;
        do {
            const corm::PageOptions options{1, after};
            const corm::Page<Moody> page =
                co_await session.page(select<Moody>().order_by(corm::asc<&Moody::mood>), options);
            ids.push_back(page.items.front()->id);
            after = page.next;
        } while (!after.empty());
        CHECK(ids == std::vector<std::int32_t>{2, 3, 1});
    });
}

TEST_CASE("Users filter and sort by the fields that they may name", "[query][integration]") {
    Company c;
    const auto fields = corm::Fields{}
                            .allow("name", col<&Employee::name>)
                            .allow("salary", col<&Employee::salary>)
                            .allow("hired", col<&Employee::hired>)
                            .allow("rating", col<&Employee::rating>);
    const auto names = [&](const corm::Condition& condition, std::string_view order) {
        return c.all(select(col<&Employee::name>).from<Employee>().where(condition).order_by(fields.order(order)));
    };
    using Names = std::vector<std::string>;
    CHECK(names(fields.condition("salary", corm::field_test("ge"), "500"), "-salary") == Names{"Ada", "Cy", "Bob"});
    CHECK(names(fields.condition("hired", corm::field_test("lt"), "2011-01-01"), "name") == Names{"Ada", "Bob"});
    CHECK(names(fields.condition("name", corm::field_test("contains"), "D"), "-name") == Names{"Ed", "Di", "Ada"});
    CHECK(names(fields.condition("name", corm::field_test("starts"), "%"), "").empty());
    CHECK(names(fields.condition("rating", corm::field_test("null"), "true"), "salary,-name") == Names{"Ed", "Bob"});
    CHECK(names(fields.condition("name", corm::field_test("eq"), "' or 1=1; --"), "").empty());

    const auto refused = [](auto call) {
        try {
            call();
        } catch (const corm::ConversionError& error) {
            return std::string{error.what()};
        }
        return std::string{"nothing was thrown"};
    };
    CHECK_THAT(refused([&] { static_cast<void>(fields.order("salary,boss_id")); }),
               ContainsSubstring("no field \"boss_id\"; there are hired, name, rating, salary"));
    CHECK_THAT(refused([&] { static_cast<void>(fields.order("salary; drop table x")); }),
               ContainsSubstring("no field"));
    CHECK_THAT(refused([&] { static_cast<void>(fields.order("name,-name")); }), ContainsSubstring("twice"));
    CHECK_THAT(refused([&] { static_cast<void>(fields.order(",")); }), ContainsSubstring("no field"));
    CHECK_THAT(refused([&] { static_cast<void>(fields.condition("salary", corm::FieldTest::equal, "many")); }),
               ContainsSubstring("salary"));
    CHECK_THAT(refused([&] { static_cast<void>(fields.condition("salary", corm::FieldTest::contains, "1")); }),
               ContainsSubstring("is no text"));
    CHECK_THAT(refused([&] { static_cast<void>(corm::field_test("like")); }), ContainsSubstring("there are eq, ne"));
    CHECK_THROWS_AS(corm::Fields{}.allow("-x", col<&Employee::name>), corm::MappingError);
}
