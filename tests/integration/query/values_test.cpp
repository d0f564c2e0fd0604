// Rows of the program's own in statements: read, joined, written from.
#include "company.hpp"
#include "support/fits.hpp"

#include <corm/type/composite.hpp>
#include <corm/type/json.hpp>

#include <boost/describe/enum.hpp>

using namespace company;
using corm::col;
using corm::select;

namespace {

enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::types::pg_enum("mood");
}

struct Point {
    double x = 0;
    std::optional<std::string> label{};

    bool operator==(const Point&) const = default;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x, label))
constexpr auto corm_composite(corm::type<Point>) {
    return corm::pg_composite("point_of_text");
}

/// A member of each kind that travels in a way of its own.
struct Various {
    std::int32_t id = 0;
    std::optional<std::string> word{};
    std::optional<Mood> mood{};
    std::vector<std::string> words{};
    std::optional<std::vector<std::int32_t>> numbers{};
    corm::Numeric price{};
    Date day{};
    corm::types::JsonText doc{};
    std::optional<corm::Uuid> uuid{};
    bool flag = false;
    std::optional<Point> point{};

    bool operator==(const Various&) const = default;
};
BOOST_DESCRIBE_STRUCT(Various, (), (id, word, mood, words, numbers, price, day, doc, uuid, flag, point))

struct Raise {
    std::int32_t id = 0;
    std::optional<double> rating{};
};
BOOST_DESCRIBE_STRUCT(Raise, (), (id, rating))

/// A table with columns that the library knows as text.
struct Place {
    std::int32_t id = 0;
    std::string code;
    Mood mood = Mood::sad;
};
BOOST_DESCRIBE_STRUCT(Place, (), (id, code, mood))
constexpr auto corm_mapping(corm::type<Place>) {
    return corm::table<Place>("places").primary_key<&Place::id>().sql_type<&Place::code>("bpchar");
}

constexpr const char* more = "create type mood as enum ('sad', 'happy');"
                             "create type point_of_text as (x float8, label text);"
                             "create table places (id int primary key, code bpchar(4) not null, mood mood not null);"
                             "insert into places values (1, 'a', 'sad'), (2, 'b', 'happy');";

const std::vector<Raise> raises{{1, 5.0}, {3, std::nullopt}, {9, 1.0}};

} // namespace

TEST_CASE("derived tables fit: mappings of the tests of rows of one's own", "[verify][query][integration]") {
    CHECK(corm::test::misfit_of<Place>() == "");
}

TEST_CASE("Every kind of value comes back as it was given", "[query][integration]") {
    Company c{more};
    const std::vector<Various> rows{{1,
                                     "a \"b\"",
                                     Mood::happy,
                                     {"x", "y,z", ""},
                                     std::vector{1, -2},
                                     corm::Numeric{"1.50"},
                                     Date{std::chrono::days{20000}},
                                     corm::types::JsonText{R"({"b":1,  "a": []})"},
                                     corm::Uuid{},
                                     true,
                                     Point{1.5, "a,b"}},
                                    {2,
                                     std::nullopt,
                                     std::nullopt,
                                     {},
                                     std::nullopt,
                                     corm::Numeric{"-3"},
                                     Date{},
                                     corm::types::JsonText{"null"},
                                     std::nullopt,
                                     false,
                                     Point{-1, std::nullopt}},
                                    {3,
                                     "",
                                     Mood::sad,
                                     {"NULL"},
                                     std::vector<std::int32_t>{},
                                     corm::Numeric{"0"},
                                     Date{},
                                     corm::types::JsonText{"[]"},
                                     std::nullopt,
                                     false}};
    const auto read = [&](const std::vector<Various>& given) {
        const auto list = corm::values("list", given).with_ordinality();
        return c.all(
            select(list[&Various::id].as("id"), list[&Various::word].as("word"), list[&Various::mood].as("mood"),
                   list[&Various::words].as("words"), list[&Various::numbers].as("numbers"),
                   list[&Various::price].as("price"), list[&Various::day].as("day"), list[&Various::doc].as("doc"),
                   list[&Various::uuid].as("uuid"), list[&Various::flag].as("flag"), list[&Various::point].as("point"))
                .from(list)
                .order_by(list.ordinality().asc())
                .into<Various>());
    };
    CHECK(read(rows) == rows);
    CHECK(read({rows[2], rows[0]}) == std::vector{rows[2], rows[0]});
    CHECK(read({}).empty());
    // They have their types in conditions.
    const auto list = corm::values("list", rows);
    const auto ids = [&](const corm::Condition& condition) {
        return c.all(select(list[&Various::id]).from(list).where(condition));
    };
    CHECK(ids(list[&Various::mood] == Mood::happy) == std::vector{1});
    CHECK(ids(list[&Various::mood].is_null()) == std::vector{2});
    CHECK(ids(list[&Various::words] == std::vector<std::string>{"NULL"}) == std::vector{3});
    CHECK(ids(list[&Various::point] == Point{1.5, "a,b"}) == std::vector{1});
    CHECK(ids(list[&Various::price] < 0) == std::vector{2});
    CHECK(ids(corm::array_has(list[&Various::words], "y,z")) == std::vector{1});
    CHECK(ids(corm::json_has(list[&Various::doc], "a")) == std::vector{1});
}

TEST_CASE("Rows are joined, and looked in, as those of tables", "[query][integration]") {
    Company c;
    const auto list = corm::values("list", raises).with_ordinality("n");
    const auto joined = select(list.ordinality(), col<&Employee::name>, list[&Raise::rating])
                            .from(list)
                            .join<Employee>(col<&Employee::id> == list[&Raise::id])
                            .order_by(list.ordinality().desc());
    CHECK(c.all(joined) ==
          std::vector<std::tuple<std::int64_t, std::string, std::optional<double>>>{{2, "Cy", {}}, {1, "Ada", 5.0}});
    const auto missing = select(list[&Raise::id])
                             .from(list)
                             .left_join<Employee>(col<&Employee::id> == list[&Raise::id])
                             .where(col<&Employee::id>.is_null());
    CHECK_THROWS_AS(text_of(select(list[&Raise::id]).from<Employee>().left_join(list, corm::always())),
                    corm::MappingError);
    CHECK(c.all(missing) == std::vector{9});
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto found = co_await session.all(select<Employee>()
                                                    .where(corm::exists(list, list[&Raise::id] == col<&Employee::id>))
                                                    .order_by(corm::asc<&Employee::id>));
        REQUIRE(found.size() == 2);
        CHECK(found[1]->name == "Cy");
        const auto ids = select(list[&Raise::id]).from(list);
        const auto others = co_await session.all(select<Employee>().where(col<&Employee::id>.not_in(ids)));
        CHECK(others.size() == 3);
        // Of tuples, and twice in one query.
        const std::vector<std::pair<std::int32_t, std::string>> edges{{1, "a"}, {2, "b"}, {1, "c"}};
        const auto left = corm::values("l", {"id", "word"}, edges);
        const auto right = left.as("r");
        const auto pairs = co_await session.all(
            select(left.column<1>(), right.column<1>())
                .from(left)
                .join(right, left.column<0>() == right.column<0>() && left.column<1>() < right.column<1>()));
        CHECK(pairs == std::vector<std::tuple<std::string, std::string>>{{"a", "c"}});
        const std::vector<Raise> nothing;
        const auto empty = corm::values("list", nothing);
        const std::int64_t count =
            co_await session.scalar(select(corm::count()).from(empty).join<Employee>(corm::always()));
        CHECK(count == 0);
    });
}

TEST_CASE("Rows are written from, and one text is prepared for any number of them", "[query][integration]") {
    Company c{more};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto ada = co_await session.get<Employee>(1);
        const auto update = [](const std::vector<Raise>& given) {
            const auto list = corm::values("list", given);
            return corm::update<Employee>()
                .set<&Employee::rating>(list[&Raise::rating])
                .from(list)
                .where(col<&Employee::id> == list[&Raise::id]);
        };
        CHECK(corm::sql::compile(update(raises).statement()).text == corm::sql::compile(update({}).statement()).text);
        std::int64_t written = co_await session.execute(update(raises));
        CHECK(written == 2);
        CHECK(ada->rating == 5.0); // the session's object is kept in step
        const auto cy = co_await session.get<Employee>(3);
        CHECK(cy->rating == std::nullopt);
        written = co_await session.execute(update({}));
        CHECK(written == 0);

        const std::vector<Place> places{Place{2, "c", Mood::sad}, Place{3, "d", Mood::happy}};
        const auto list = corm::values("list", places);
        written =
            co_await session.execute(corm::insert_into<Place, &Place::id, &Place::code, &Place::mood>(
                                         select(list[&Place::id], list[&Place::code], list[&Place::mood]).from(list))
                                         .on_conflict_do_nothing());
        CHECK(written == 1);
        // bpchar ignores the blanks that its length adds, as text would not; an enum is one.
        const auto same = co_await session.all(
            select(col<&Place::id>)
                .from<Place>()
                .join(list, list[col<&Place::code>] == col<&Place::code> && list[&Place::mood] == col<&Place::mood>));
        CHECK(same == std::vector{3});
        const std::int64_t gone = co_await session.execute(corm::delete_from<Place>().from(list).where(
            col<&Place::id> == list[&Place::id] && list[&Place::code] == "d"));
        CHECK(gone == 1);
        co_await session.commit();
    });
}
