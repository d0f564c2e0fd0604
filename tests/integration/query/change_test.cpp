// Updates, deletes and inserts as statements, and the objects that the session has of their rows.
#include "company.hpp"
#include "support/fits.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace company;
using Catch::Matchers::ContainsSubstring;
using corm::col;
using corm::select;

namespace {

using Names = std::vector<std::string>;

/// With a version that updates count up, and a column that the server computes.
struct Stock {
    std::int32_t id = 0;
    std::string name;
    std::int32_t amount = 0;
    std::optional<std::string> note{};
    std::int32_t version = 1;
    std::int32_t twice = 0;
};
BOOST_DESCRIBE_STRUCT(Stock, (), (id, name, amount, note, version, twice))
constexpr auto corm_mapping(corm::type<Stock>) {
    return corm::table<Stock>("stock").primary_key<&Stock::id>().version<&Stock::version>().generated<&Stock::twice>();
}

/// Of types that corm has no codec for, and that no text is converted to.
struct Plot {
    std::int32_t id = 0;
    std::optional<corm::TextForm> area{};
    std::optional<std::string> mood{};
};
BOOST_DESCRIBE_STRUCT(Plot, (), (id, area, mood))
constexpr auto corm_mapping(corm::type<Plot>) {
    return corm::table<Plot>("plots").primary_key<&Plot::id>().sql_type<&Plot::area>("polygon").sql_type<&Plot::mood>(
        "feeling");
}
struct OldPlot {
    std::int32_t id = 0;
    std::optional<corm::TextForm> area{};
    std::optional<std::string> mood{};
};
BOOST_DESCRIBE_STRUCT(OldPlot, (), (id, area, mood))
constexpr auto corm_mapping(corm::type<OldPlot>) {
    return corm::table<OldPlot>("old_plots")
        .primary_key<&OldPlot::id>()
        .sql_type<&OldPlot::area>("polygon")
        .sql_type<&OldPlot::mood>("feeling");
}
/// Rows of the program's own.
struct Offer {
    std::int32_t id = 0;
    corm::TextForm area{};
    std::string mood;
};
BOOST_DESCRIBE_STRUCT(Offer, (), (id, area, mood))

constexpr const char* feelings = "create type feeling as enum ('sad', 'glad');";
constexpr const char* plots = R"(
    create table plots (id int primary key, area polygon, mood feeling);
    create table old_plots (id int primary key, area polygon, mood feeling);
    insert into plots values (1, '((0,0),(1,0),(1,1))', 'sad'), (2, null, null);
)";

constexpr const char* stock = R"(
    create table stock (id int primary key, name text not null, amount int not null, note text, version int not null,
                        twice int generated always as (amount * 2) stored);
    insert into stock (id, name, amount, version) values (1, 'nut', 10, 1), (2, 'bolt', 20, 1), (3, 'gear', 30, 1);
)";

template <class Statement>
std::string change_text(const Statement& statement) {
    return corm::sql::compile(statement.statement()).text;
}

} // namespace

TEST_CASE("The mapping of the stock fits its table", "[query][integration]") {
    CHECK(corm::test::misfit_of<Stock>() == "");
    CHECK(corm::test::misfit_of<Plot, OldPlot>(feelings) == "");
}

TEST_CASE("An update sets columns to values and expressions, and counts versions up", "[query][integration]") {
    Company c{stock};
    const auto statement = corm::update<Stock>()
                               .set<&Stock::amount>(col<&Stock::amount> + 5)
                               .set<&Stock::note>("more")
                               .where(col<&Stock::amount> < 30);
    CHECK(change_text(statement) == "UPDATE \"stock\" SET \"version\" = \"stock\".\"version\" + $1, \"amount\" = "
                                    "\"stock\".\"amount\" + $2, \"note\" = $3 WHERE \"stock\".\"amount\" < $4");
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const corm::Ref<Stock> nut = co_await session.get<Stock>(1);
        const corm::Ref<Stock> gear = co_await session.get<Stock>(3);
        const std::int64_t written = co_await session.execute(statement);
        CHECK(written == 2);
        // The objects of the rows have their values, computed ones too, without being read again.
        CHECK(nut->amount == 15);
        CHECK(nut->note == "more");
        CHECK(nut->version == 2);
        CHECK(nut->twice == 30);
        CHECK(gear->amount == 30);
        nut.edit().amount = 1;
        co_await session.commit();
        CHECK(nut->version == 3);
        const auto rows = co_await session.all(
            select(col<&Stock::amount>, col<&Stock::version>).from<Stock>().order_by(corm::asc<&Stock::id>));
        CHECK(rows == std::vector<std::tuple<std::int32_t, std::int32_t>>{{1, 3}, {25, 2}, {30, 1}});
    });
}

TEST_CASE("A rollback gives objects the values back that a statement changed", "[query][integration]") {
    Company c{stock};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const corm::Ref<Stock> nut = co_await session.get<Stock>(1);
        const corm::Ref<Stock> bolt = co_await session.get<Stock>(2);
        co_await session.execute(corm::update<Stock>().set<&Stock::note>("x").where(col<&Stock::id> == 1));
        const std::int64_t deleted = co_await session.execute(corm::delete_from<Stock>().where(col<&Stock::id> == 2));
        CHECK(deleted == 1);
        CHECK(corm::inspect(bolt).state() == corm::ObjectState::deleted);
        const corm::Ref<Stock> gone = co_await session.get<Stock>(2);
        CHECK_FALSE(gone);
        co_await session.rollback();
        const corm::Ref<Stock> again = co_await session.get<Stock>(2);
        CHECK(again->name == "bolt");
        const corm::Ref<Stock> same = co_await session.get<Stock>(1);
        CHECK(same == nut);
        CHECK_FALSE(nut->note);
        CHECK(nut->version == 1);
    });
}

TEST_CASE("Unflushed changes go in front of a statement that writes", "[query][integration]") {
    Company c{stock};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const corm::Ref<Stock> nut = co_await session.get<Stock>(1);
        nut.edit().amount = 100;
        const corm::Ref<Stock> added = session.add(Stock{4, "cog", 100, {}, 1, 0});
        co_await session.execute(
            corm::update<Stock>().set<&Stock::amount>(col<&Stock::amount> + 1).where(col<&Stock::amount> == 100));
        CHECK(nut->amount == 101);
        CHECK(added->amount == 101);
        co_await session.commit();
    });
    CHECK(c.one(select(corm::count()).from<Stock>().where(col<&Stock::amount> == 101)) == 2);
}

TEST_CASE("Statements that write return rows", "[query][integration]") {
    Company c{stock};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const corm::Ref<Stock> nut = co_await session.get<Stock>(1);
        const auto changed =
            co_await session.all(corm::update<Stock>()
                                     .set<&Stock::note>(corm::upper(col<&Stock::name>))
                                     .where(col<&Stock::id> <= 2)
                                     .returning(col<&Stock::id>, col<&Stock::note>, col<&Stock::twice> + 1));
        REQUIRE(changed.size() == 2);
        CHECK(changed[0] == std::tuple{1, std::optional<std::string>{"NUT"}, 21});
        CHECK(nut->note == "NUT");
        const std::string name =
            co_await session.one(corm::delete_from<Stock>().where(col<&Stock::id> == 3).returning(col<&Stock::name>));
        CHECK(name == "gear");
        const std::optional<std::string> none = co_await session.one_or_none(
            corm::delete_from<Stock>().where(col<&Stock::id> == 3).returning(col<&Stock::name>));
        CHECK_FALSE(none);
    });
}

TEST_CASE("Other tables, subqueries and common tables in statements that write", "[query][integration]") {
    Company c{stock};
    const auto raise =
        corm::update<Employee>()
            .set<&Employee::salary>(col<&Employee::salary> * 2)
            .from<Department>()
            .where(col<&Department::id> == col<&Employee::department_id> && col<&Department::name> == "sales")
            .returning(col<&Employee::name>, col<&Department::name>, col<&Employee::salary>);
    CHECK_THAT(change_text(raise), ContainsSubstring("UPDATE \"hr\".\"employees\" SET \"salary\" = ") &&
                                       ContainsSubstring(" FROM \"departments\" WHERE "));
    const auto poor =
        corm::cte("poor", select(col<&Employee::id>).from<Employee>().where(col<&Employee::salary> < 250));
    const auto clean = corm::delete_from<Employee>().from(poor).where(poor[col<&Employee::id>] == col<&Employee::id>);
    CHECK_THAT(change_text(clean), ContainsSubstring("WITH \"poor\" AS (SELECT") &&
                                       ContainsSubstring("DELETE FROM \"hr\".\"employees\" USING \"poor\" WHERE"));
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto raised = co_await session.all(raise);
        CHECK(raised.size() == 2);
        const std::int64_t deleted = co_await session.execute(clean);
        CHECK(deleted == 1);
        const std::int64_t copied =
            co_await session.execute(corm::insert_into<Project, &Project::id, &Project::title>(
                                         select(col<&Employee::id>, corm::lower(col<&Employee::name>)).from<Employee>())
                                         .on_conflict_do_nothing());
        CHECK(copied == 1);
        const auto title =
            co_await session.scalar(select(col<&Project::title>).from<Project>().where(col<&Project::id> == 4));
        CHECK(title == "di");
        co_await session.execute(
            corm::update<Department>()
                .set<&Department::budget>(
                    corm::coalesce(corm::scalar(select(corm::sum(corm::cast<corm::Numeric>(col<&Employee::salary>)))
                                                    .from<Employee>()
                                                    .where(col<&Employee::department_id> == col<&Department::id>)),
                                   corm::Numeric{0}))
                .all_rows());
        const auto budgets = co_await session.all(
            select(col<&Department::budget>).from<Department>().order_by(corm::asc<&Department::id>));
        CHECK(budgets == std::vector<corm::Numeric>{1400, 2000, 0});
    });
}

TEST_CASE("Columns are set to NULL, expressions and rows of their declared type", "[query][integration]") {
    Company c{std::string{feelings} + plots};
    c.run([&]() -> corm::Task<> {
        corm::AsyncSession session{c.engine};
        const auto areas = select(corm::cast<std::optional<std::string>>(col<&Plot::area>), col<&Plot::mood>)
                               .from<Plot>()
                               .order_by(col<&Plot::id>);
        using Row = std::tuple<std::optional<std::string>, std::optional<std::string>>;
        co_await session.execute(corm::insert_into<OldPlot, &OldPlot::id, &OldPlot::area, &OldPlot::mood>(
            select(col<&Plot::id>, col<&Plot::area>, corm::case_when(col<&Plot::id> == 1, "glad").otherwise_null())
                .from<Plot>()));
        co_await session.execute(
            corm::update<Plot>().set<&Plot::area>(std::nullopt).set<&Plot::mood>(std::nullopt).all_rows());
        auto found = co_await session.all(areas);
        CHECK(found == std::vector<Row>(2));

        co_await session.execute(
            corm::update<Plot>()
                .set<&Plot::area>(col<&OldPlot::area>)
                .set<&Plot::mood>(corm::lower(corm::cast<std::string>(corm::concat(col<&OldPlot::mood>, ""))))
                .from<OldPlot>()
                .where(col<&Plot::id> == col<&OldPlot::id>));
        found = co_await session.all(areas);
        CHECK(found == std::vector<Row>{{"((0,0),(1,0),(1,1))", "glad"}, {std::nullopt, std::nullopt}});

        const std::vector<Offer> rows{{2, corm::TextForm{"((0,0),(2,0),(2,2))"}, "sad"}};
        const auto offer = corm::values("offer", rows);
        co_await session.execute(corm::update<Plot>()
                                     .set<&Plot::area>(offer[&Offer::area])
                                     .set<&Plot::mood>(offer[&Offer::mood])
                                     .from(offer)
                                     .where(col<&Plot::id> == offer[&Offer::id]));
        found = co_await session.all(areas);
        CHECK(found == std::vector<Row>{{"((0,0),(1,0),(1,1))", "glad"}, {"((0,0),(2,0),(2,2))", "sad"}});
    });
}

TEST_CASE("What a statement may not do is refused before anything is sent", "[query][integration]") {
    Company c{stock};
    const auto refused = [&](const corm::query::ChangeStatement& statement, corm::SessionOptions options = {}) {
        std::string said;
        c.run([&]() -> corm::Task<> {
            corm::AsyncSession session{c.engine, options};
            try {
                co_await session.execute(statement);
            } catch (const corm::Error& error) {
                said = error.what();
            }
        });
        return said;
    };
    CHECK_THAT(refused(corm::delete_from<Stock>()), ContainsSubstring("a delete of Stock has no condition"));
    CHECK_THAT(refused(corm::update<Stock>().set<&Stock::amount>(1)), ContainsSubstring("all_rows()"));
    CHECK_THAT(refused(corm::update<Project>().all_rows()), ContainsSubstring("sets nothing"));
    CHECK_THAT(refused(corm::delete_from<Stock>().where(col<&Project::id> == 1)), ContainsSubstring("projects.id"));
    CHECK_THAT(refused(corm::delete_from<Stock>().all_rows(), {.reader = true}), ContainsSubstring("only reads"));
    CHECK_THROWS_WITH(corm::update<Stock>().set<&Stock::id>(7), ContainsSubstring("Stock.id is the key"));
    CHECK_THROWS_WITH(corm::update<Stock>().set<&Stock::twice>(7), ContainsSubstring("computed by the server"));
    CHECK(c.one(select(corm::count()).from<Stock>()) == 3);
}

TEST_CASE("Hostile values of statements that write stay values", "[query][integration]") {
    Company c{stock};
    for (const std::string hostile : {"'; drop table stock; --", "\" or 1=1", "$1", "\\", "a\nb"}) {
        c.run([&]() -> corm::Task<> {
            corm::AsyncSession session{c.engine};
            co_await session.execute(
                corm::update<Stock>().set<&Stock::note>(hostile).where(col<&Stock::name> != hostile));
            co_await session.commit();
        });
        CHECK(c.one(select(corm::count()).from<Stock>().where(col<&Stock::note> == hostile)) == 3);
    }
}
