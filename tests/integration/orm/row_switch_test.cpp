// An object that is added under the key of a removed one takes its row over.
#include "fixture.hpp"

#include "support/caught.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::Freshness;
using corm::ObjectState;

namespace {

/// Of the values that an insert leaves to the server.
struct Article {
    std::int32_t id = 0;
    std::string title;
    std::string status{};
    std::int32_t revision = 0;
    std::string search{};
};
BOOST_DESCRIBE_STRUCT(Article, (), (id, title, status, revision, search))
constexpr auto corm_mapping(corm::type<Article>) {
    return corm::table<Article>("articles")
        .primary_key<&Article::id>(corm::assigned)
        .server_default<&Article::status>()
        .server_onupdate<&Article::revision>()
        .generated<&Article::search>();
}
constexpr const char* articles = R"(
    create table articles (id int primary key, title text not null, status text not null default 'draft',
                           revision int not null, search text generated always as (lower(title)) stored);
    create function revise() returns trigger language plpgsql as
        $$ begin new.revision := old.revision + 1; return new; end $$;
    create trigger revise before update on articles for each row execute function revise();
    insert into articles select n, 'Old', 'public', 5 from generate_series(1, 3) n;
)";

/// Refers to a line; its rows go when the line does.
constexpr const char* remarks = R"(
    create table remarks (order_no int, line_no smallint, foreign key (order_no, line_no) references lines
                          on delete cascade);
    insert into lines values (1, 1, 'nail', 1), (1, 2, 'screw', 2), (1, 3, 'bolt', 3);
    insert into remarks values (1, 1);
)";

} // namespace

TEST_CASE("a row is switched in place, in the round trip of the commit", "[orm][integration]") {
    Sessions s{remarks};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto lines = co_await session.all(corm::select<Line>().order_by(corm::asc<&Line::line_no>));
        std::vector<corm::Ref<Line>> fresh;
        for (const corm::Ref<Line>& line : lines) {
            fresh.push_back(
                session.add(Line{.order_no = 1, .line_no = line->line_no, .article = "new", .quantity = 9}));
            session.remove(line);
        }
        s.round_trips();
        co_await session.flush();
        CHECK(s.round_trips() == 1);
        CHECK(corm::inspect(lines[0]).state() == ObjectState::deleted);
        CHECK(corm::inspect(fresh[0]).state() == ObjectState::persistent);
        const auto found = co_await session.get_one<Line>(corm::key(1, std::int16_t{1}));
        CHECK(found == fresh[0]);
        fresh[1].edit().quantity = 10;
        co_await session.commit();
        CHECK(corm::inspect(lines[0]).state() == ObjectState::detached);
    });
    CHECK(s.database.query("select string_agg(article || quantity, ',' order by line_no) from lines") ==
          "new9,new10,new9");
    // Nothing was deleted, so nothing was cascaded.
    CHECK(s.database.query("select count(*) from remarks") == "1");
}

TEST_CASE("a rolled-back row switch gives the row back to the removed object", "[orm][integration]") {
    Sessions s{remarks};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<Line> old = co_await session.get_one<Line>(corm::key(1, std::int16_t{1}));
        auto savepoint = co_await session.begin_nested();
        session.remove(old);
        const corm::Ref<Line> fresh = session.add(Line{.order_no = 1, .line_no = 1, .article = "new", .quantity = 9});
        co_await session.flush();
        co_await savepoint.rollback();
        CHECK(corm::inspect(old).state() == ObjectState::persistent);
        CHECK(corm::inspect(fresh).state() == ObjectState::transient);
        const auto found = co_await session.get_one<Line>(corm::key(1, std::int16_t{1}));
        CHECK(found == old);
        CHECK(old->article == "nail");

        session.remove(old);
        session.add(fresh);
        co_await session.flush();
        co_await session.rollback();
        CHECK(corm::inspect(old).state() == ObjectState::persistent);
        CHECK(corm::inspect(fresh).state() == ObjectState::transient);
        // Both may go on.
        session.remove(old);
        session.add(fresh);
        co_await session.commit();
        CHECK(corm::inspect(old).state() == ObjectState::detached);
        CHECK(corm::inspect(fresh).freshness() == Freshness::stale);
    });
    CHECK(s.database.query("select article from lines where line_no = 1") == "new");
}

TEST_CASE("a switched row holds what an insert would have left to the server", "[orm][integration]") {
    Sessions s{articles};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<corm::Ref<Article>> fresh;
        for (const corm::Ref<Article>& old :
             co_await session.all(corm::select<Article>().order_by(corm::asc<&Article::id>))) {
            session.remove(old);
            const Article made{.id = old->id, .title = "New " + std::to_string(old->id)};
            fresh.push_back(old->id == 3 ? session.add(made, corm::given<&Article::status>) : session.add(made));
        }
        s.round_trips();
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        for (const corm::Ref<Article>& article : fresh) {
            CHECK(article->status == (article->id == 3 ? "" : "draft"));
            CHECK(article->revision == 6);
            CHECK(article->search == "new " + std::to_string(article->id));
        }
    });
    CHECK(s.database.query("select string_agg(title || '/' || status, ',' order by id) from articles") ==
          "New 1/draft,New 2/draft,New 3/");
}

TEST_CASE("a row switch is refused where the row has changed", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (const corm::Ref<User>& user : co_await session.all(corm::select<User>())) {
            session.remove(user);
            session.add(User{.id = user->id, .name = "new"});
        }
        s.database.query("update users set version = 1, name = 'theirs' where id = 2");
        s.round_trips();
        const auto stale = co_await failure(session.commit());
        CHECK(s.round_trips() == 1);
        CHECK(caught<corm::StaleDataError>(stale).keys() == std::vector<std::string>{"2"});
    });
    CHECK(s.database.query("select string_agg(name, ',' order by id) from users") == "user 1,theirs,user 3");
}

TEST_CASE("derived tables fit: articles", "[verify][integration]") {
    CHECK(misfit_of<Article>() == "");
}
