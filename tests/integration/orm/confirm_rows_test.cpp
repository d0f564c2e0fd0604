// Mappings that do not mind rows which are gone, or which triggers and row security keep away.
#include "fixture.hpp"

#include "support/caught.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::Freshness;
using corm::ObjectState;

namespace {

struct Guest {
    std::int32_t id = 0;
    std::string name;
    std::string shout{};
};
BOOST_DESCRIBE_STRUCT(Guest, (), (id, name, shout))
constexpr auto corm_mapping(corm::type<Guest>) {
    return corm::table<Guest>("guests")
        .primary_key<&Guest::id>(corm::assigned)
        .generated<&Guest::shout>()
        .confirm_rows(false);
}

/// The same table, with keys of the server.
struct Numbered {
    std::int32_t id = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Numbered, (), (id, name))
constexpr auto corm_mapping(corm::type<Numbered>) {
    return corm::table<Numbered>("guests").primary_key<&Numbered::id>().confirm_rows(false);
}

/// With a version.
struct Ticket {
    std::int32_t id = 0;
    std::string name;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (id, name, version))
constexpr auto corm_mapping(corm::type<Ticket>) {
    return corm::table<Ticket>("tickets").primary_key<&Ticket::id>().version<&Ticket::version>().confirm_rows(false);
}

constexpr const char* tables = R"(
    create table guests (id serial primary key, name text not null, shout text generated always as (upper(name)) stored);
    create table tickets (id int primary key, name text not null, version int not null);
    insert into guests (id, name) select n, 'g' || n from generate_series(1, 6) n;
    insert into tickets select n, 't' || n, 1 from generate_series(1, 6) n;
    create function keep_out() returns trigger language plpgsql as $$ begin return null; end $$;
)";

} // namespace

TEST_CASE("rows that are gone are no error where rows are not confirmed", "[orm][integration]") {
    Sessions s{tables};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto guests = co_await session.all(corm::select<Guest>().order_by(corm::asc<&Guest::id>));
        s.database.query("delete from guests where id in (1, 3)");
        session.remove(guests[0]);
        session.remove(guests[1]);
        guests[2].edit().name = "nobody";
        guests[3].edit().name = "somebody";
        s.round_trips();
        co_await session.flush();
        CHECK(s.round_trips() == 1);
        CHECK(corm::inspect(guests[0]).state() == ObjectState::deleted);
        // What the server computed came back for the row that is there, and only for that.
        CHECK(guests[3]->shout == "SOMEBODY");
        CHECK(corm::inspect(guests[2]).freshness() == Freshness::expired);
        const auto gone = co_await session.get<Guest>(3);
        CHECK_FALSE(gone);
        co_await session.commit();
        CHECK(corm::inspect(guests[1]).state() == ObjectState::detached);

        // One by one.
        s.database.query("delete from guests where id = 5");
        guests[4].edit().name = "nobody";
        co_await session.flush();
        CHECK(corm::inspect(guests[4]).freshness() == Freshness::expired);
        session.remove(guests[5]);
        s.database.query("delete from guests where id = 6");
        co_await session.commit();
        CHECK(corm::inspect(guests[5]).state() == ObjectState::detached);
    });
    CHECK(s.database.query("select string_agg(name, ',') from guests") == "somebody");
}

TEST_CASE("rows that a trigger keeps out are no error where rows are not confirmed", "[orm][integration]") {
    Sessions s{std::string{tables} +
               "create trigger keep_out before insert or delete on guests for each row execute function keep_out();"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto added = session.add_all(
            {Guest{.id = 100, .name = "a"}, Guest{.id = 101, .name = "b"}, Guest{.id = 102, .name = "c"}});
        session.remove(co_await session.get_one<Guest>(1));
        co_await session.commit();
        for (const corm::Ref<Guest>& guest : added)
            CHECK(corm::inspect(guest).freshness() == Freshness::expired);
        session.add(Guest{.id = 200, .name = "alone"});
        co_await session.commit();
        // An object whose key the server was to generate has none.
        session.add(Numbered{.name = "n"});
        const auto missing = co_await failure(session.commit());
        CHECK(caught<corm::StaleDataError>(missing).entity() == "Numbered");
    });
    CHECK(s.database.query("select count(*) from guests") == "6");
}

TEST_CASE("updates of versioned rows are confirmed, their deletes are not", "[orm][integration]") {
    Sessions s{tables};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto tickets = co_await session.all(corm::select<Ticket>().order_by(corm::asc<&Ticket::id>));
        s.database.query("update tickets set version = 2 where id in (1, 2)");
        session.remove(tickets[0]);
        session.remove(tickets[2]);
        co_await session.commit();
        CHECK(s.database.query("select string_agg(id::text, ',' order by id) from tickets") == "1,2,4,5,6");
        tickets[1].edit().name = "mine";
        tickets[3].edit().name = "mine";
        const auto stale = co_await failure(session.commit());
        CHECK(caught<corm::StaleDataError>(stale).keys() == std::vector<std::string>{"2"});
    });
    CHECK(s.database.query("select count(*) from tickets where name = 'mine'") == "0");
}

TEST_CASE("derived tables fit: rows that may be gone", "[verify][integration]") {
    CHECK(misfit_of<Guest>() == "");
    CHECK(misfit_of<Numbered, Ticket>() == "");
}
