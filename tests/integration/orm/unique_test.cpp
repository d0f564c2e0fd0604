// Rows of one flush that hand their unique values on, on a server that checks them row by row.
#include "fixture.hpp"

#include "support/caught.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <random>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A number that is -1 for a time when rows exchange it, and a version.
struct Desk {
    std::int32_t id = 0;
    std::int32_t number = 0;
    std::int32_t note = 0;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id, number, note, version))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::table<Desk>("desks").primary_key<&Desk::id>().version<&Desk::version>().unique<&Desk::number>(
        corm::temporary(-1));
}

/// A place in a list; the constraint is deferrable.
struct Place {
    std::int32_t id = 0;
    std::int32_t list = 0;
    std::int32_t position = 0;
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Place, (), (id, list, position, note))
constexpr auto corm_mapping(corm::type<Place>) {
    return corm::table<Place>("places").primary_key<&Place::id>().unique<&Place::list, &Place::position>(
        corm::deferrable);
}

/// As a place; the constraint is not deferrable.
struct Seat {
    std::int32_t id = 0;
    std::int32_t list = 0;
    std::int32_t position = 0;
};
BOOST_DESCRIBE_STRUCT(Seat, (), (id, list, position))
constexpr auto corm_mapping(corm::type<Seat>) {
    return corm::table<Seat>("seats").primary_key<&Seat::id>().unique<&Seat::list, &Seat::position>(
        corm::temporary(-1));
}

/// A code that is nobody's for a time.
struct Badge {
    std::int32_t id = 0;
    std::optional<std::string> code;
};
BOOST_DESCRIBE_STRUCT(Badge, (), (id, code))
constexpr auto corm_mapping(corm::type<Badge>) {
    return corm::table<Badge>("badges").primary_key<&Badge::id>().unique<&Badge::code>(corm::temporary(std::nullopt));
}

/// Keys that are exchanged.
struct Chair {
    std::int32_t number = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Chair, (), (number, name))
constexpr auto corm_mapping(corm::type<Chair>) {
    return corm::table<Chair>("chairs")
        .primary_key<&Chair::number>(corm::assigned)
        .unique<&Chair::number>(corm::temporary(-1));
}

/// Refers to the user by a constraint that is checked at once.
struct Letter {
    std::int32_t id = 0;
    std::int64_t user_id = 0;
};
BOOST_DESCRIBE_STRUCT(Letter, (), (id, user_id))
constexpr auto corm_mapping(corm::type<Letter>) {
    return corm::table<Letter>("letters").primary_key<&Letter::id>().references<User>();
}

constexpr const char* tables = R"(
    create table desks (id int primary key, number int not null unique, note int not null, version int not null);
    create table places (id int primary key, list int not null, position int not null, note int not null,
                         unique (list, position) deferrable initially immediate);
    create table seats (id int primary key, list int not null, position int not null, unique (list, position));
    create table badges (id int primary key, code text unique);
    create table chairs (number int primary key, name text not null);
    create table letters (id int primary key, user_id bigint not null references users);
    insert into desks select n, n, 0, 3 from generate_series(0, 19) n;
    insert into places select n, n / 10, n % 10, 0 from generate_series(0, 19) n;
    insert into seats values (1, 1, 7), (2, 2, 7);
    insert into badges select n, 'b' || n from generate_series(0, 19) n;
    insert into chairs select n, 'c' || n from generate_series(0, 19) n;
)";

/// 0 to `count` - 1 in some order.
std::vector<std::int32_t> shuffled(std::int32_t count, unsigned seed) {
    std::vector<std::int32_t> numbers;
    for (std::int32_t i = 0; i < count; ++i)
        numbers.push_back(i);
    std::shuffle(numbers.begin(), numbers.end(), std::minstd_rand{seed});
    return numbers;
}

} // namespace

TEST_CASE("rows hand their unique values round in one round trip", "[orm][integration]") {
    Sessions s{tables};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::string expected_desks;
        std::string expected_badges;
        std::string expected_places;
        for (unsigned seed = 1; seed <= 5; ++seed) {
            const auto numbers = shuffled(20, seed);
            auto [desks, badges, places] =
                co_await session.pipeline(corm::select<Desk>().order_by(corm::asc<&Desk::id>),
                                          corm::select<Badge>().order_by(corm::asc<&Badge::id>),
                                          corm::select<Place>().order_by(corm::asc<&Place::id>));
            expected_desks = expected_badges = expected_places = {};
            for (std::size_t i = 0; i < 20; ++i) {
                const std::int32_t number = numbers[i];
                desks[i].edit().number = number;
                badges[i].edit().code = "b" + std::to_string(number);
                places[i].edit().list = number / 10;
                places[i].edit().position = number % 10;
                // Rows of different shape.
                if (number % 3 == 0) {
                    desks[i].edit().note += 1;
                    places[i].edit().note += 1;
                }
                const char* comma = i == 0 ? "" : ",";
                expected_desks += comma + std::to_string(number);
                expected_badges += comma + *badges[i]->code;
                expected_places += comma + std::to_string(places[i]->list * 10 + places[i]->position);
            }
            s.round_trips();
            co_await session.commit();
            CHECK(s.round_trips() == 1);
            // Counted once, however often the row was moved.
            CHECK(s.database.query("select version from desks where id = " + std::to_string(seed)) ==
                  std::to_string(desks[seed]->version));
        }
        CHECK(s.database.query("select string_agg(number::text, ',' order by id) from desks") == expected_desks);
        CHECK(s.database.query("select string_agg(code, ',' order by id) from badges") == expected_badges);
        CHECK(s.database.query("select string_agg((list * 10 + position)::text, ',' order by id) from places") ==
              expected_places);
    });
    CHECK(s.database.query("select max(version) <= 3 + 5 and min(version) >= 3 from desks") == "t");
}

TEST_CASE("an exchange that was not declared is refused before anything is sent", "[orm][integration]") {
    Sessions s{"insert into users (name, email) values ('a', 'a@x'), ('b', 'b@x');"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> a = co_await session.get_one<User>(1);
        const corm::Ref<User> b = co_await session.get_one<User>(2);
        a.edit().email = "b@x";
        b.edit().email = "a@x";
        s.round_trips();
        const auto refused = co_await failure(session.commit());
        CHECK(s.round_trips() == 0);
        CHECK_THAT(caught<corm::MappingError>(refused).what(),
                   ContainsSubstring("User(1) and User(2) exchange their values of (email)") &&
                       !ContainsSubstring("a@x"));
        // A flush in between is the way out.
        b.edit().email = "c@x";
        co_await session.flush();
        CHECK(s.round_trips() == 1);
        b.edit().email = "a@x";
        co_await session.commit();
        CHECK(s.round_trips() == 1);
    });
    CHECK(s.database.query("select string_agg(email, ',' order by id) from users") == "b@x,a@x");
}

TEST_CASE("keys are exchanged, and a rollback exchanges them back", "[orm][integration]") {
    Sessions s{tables};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto chairs = co_await session.all(corm::select<Chair>().order_by(corm::asc<&Chair::number>));
        const auto rotate = [&] {
            for (const corm::Ref<Chair>& chair : chairs)
                chair.edit().number = (chair->number + 7) % 20;
        };
        rotate();
        co_await session.flush();
        const corm::Ref<Chair> at_7 = co_await session.get_one<Chair>(7);
        CHECK(at_7 == chairs[0]);
        auto savepoint = co_await session.begin_nested();
        rotate();
        co_await session.flush();
        const corm::Ref<Chair> at_14 = co_await session.get_one<Chair>(14);
        CHECK(at_14 == chairs[0]);
        co_await savepoint.rollback();
        const corm::Ref<Chair> again_at_7 = co_await session.get_one<Chair>(7);
        CHECK(again_at_7 == chairs[0]);
        co_await session.commit();
        CHECK(s.database.query("select name from chairs where number = 7") == "c0");
        rotate();
        co_await session.flush();
        co_await session.rollback();
        const corm::Ref<Chair> still_at_7 = co_await session.get_one<Chair>(7);
        CHECK(still_at_7 == chairs[0]);
        CHECK(still_at_7->name == "c0");
    });
    CHECK(s.database.query("select string_agg(substr(name, 2), ',' order by number) from chairs") ==
          "13,14,15,16,17,18,19,0,1,2,3,4,5,6,7,8,9,10,11,12");
}

TEST_CASE("a unique value of a deleted row is taken in the same flush", "[orm][integration]") {
    Sessions s{std::string{tables} + R"(insert into users (name, email) values ('a', 'a@x'), ('b', 'b@x'), ('c', 'c@x');
                                        insert into letters values (1, 1), (2, 1), (3, 2);)"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto users = co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>));
        const auto letters = co_await session.all(corm::select<Letter>().order_by(corm::asc<&Letter::id>));
        session.remove(users[0]);
        session.remove(letters[0]);
        session.remove(letters[1]);
        session.remove(users[1]);
        session.remove(letters[2]);
        const corm::Ref<User> heir = session.add(User{.name = "heir", .email = "a@x"});
        users[2].edit().email = "b@x";
        s.round_trips();
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        CHECK(heir->id == 4);
    });
    CHECK(s.database.query("select string_agg(name || '=' || email, ',' order by id) from users") == "c=b@x,heir=a@x");
    CHECK(s.database.query("select count(*) from letters") == "0");
}

TEST_CASE("rows of a table that refers by an unnamed column move away from one that goes first", "[orm][integration]") {
    Sessions s{std::string{tables} + R"(insert into users (name, email) values ('a', 'a@x'), ('b', 'b@x');
                                        insert into letters values (1, 1), (2, 1), (3, 2);)"};
    const bool late = GENERATE(false, true);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto users = co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>));
        const auto letters = co_await session.all(corm::select<Letter>().order_by(corm::asc<&Letter::id>));
        session.remove(users[0]);
        session.add(User{.id = 9, .name = "heir", .email = "a@x"});
        letters[0].edit().user_id = 2;
        letters[1].edit().user_id = late ? 9 : 2; // the heir can only come behind the one who goes
        std::string constraint;
        try {
            co_await session.commit();
        } catch (const corm::IntegrityError& error) {
            constraint = error.constraint();
        }
        CHECK(constraint == (late ? "letters_user_id_fkey" : ""));
    });
    CHECK(s.database.query("select string_agg(user_id::text, ',' order by id) from letters") ==
          (late ? "1,1,2" : "2,2,2"));
    CHECK(s.database.query("select string_agg(name, ',' order by id) from users") == (late ? "a,b" : "b,heir"));
}

TEST_CASE("a temporary value does not stay in a column that was not edited", "[orm][integration]") {
    Sessions s{tables};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto seats = co_await session.all(corm::select<Seat>().order_by(corm::asc<&Seat::id>));
        seats[0].edit().list = 2;
        seats[1].edit().list = 1;
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(list || '/' || position, ',' order by id) from seats") == "2/7,1/7");
}

TEST_CASE("records exchange what their definition declares", "[orm][integration]") {
    Sessions s{tables};
    const auto definition = [](const char* table, const char* first, const char* last) {
        return corm::define(table).column<std::int32_t>("id").column<std::int32_t>(first).column<std::int32_t>(last);
    };
    const auto places = definition("places", "list", "position")
                            .primary_key({"id"}, true)
                            .unique({"list", "position"}, corm::deferrable)
                            .build();
    const auto desks = definition("desks", "note", "number")
                           .primary_key({"id"}, true)
                           .unique({"number"}, corm::temporary(std::int32_t{-1}))
                           .build();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (const auto& [mapper, column] : {std::pair{places, "position"}, std::pair{desks, "number"}}) {
            const auto one = co_await session.get_one(mapper, std::int32_t{1});
            const auto two = co_await session.get_one(mapper, std::int32_t{2});
            one.edit().set<std::int32_t>(column, 2);
            two.edit().set<std::int32_t>(column, 1);
        }
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(position::text, ',' order by id) from places where id in (1, 2)") ==
          "2,1");
    CHECK(s.database.query("select string_agg(number::text, ',' order by id) from desks where id in (1, 2)") == "2,1");
}

TEST_CASE("a row that was changed meanwhile is found while it is moved aside", "[orm][integration]") {
    Sessions s{tables};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<Desk> one = co_await session.get_one<Desk>(1);
        const corm::Ref<Desk> two = co_await session.get_one<Desk>(2);
        s.database.query("update desks set version = 4 where id in (1, 2)");
        one.edit().number = 2;
        two.edit().number = 1;
        s.round_trips();
        const auto stale = co_await failure(session.commit());
        CHECK(s.round_trips() == 1);
        CHECK(caught<corm::StaleDataError>(stale).keys() == std::vector<std::string>{"2"});
        co_await session.rollback();
        co_await session.refresh(one);
        CHECK(one->number == 1);
    });
}

TEST_CASE("derived tables fit: unique values", "[verify][integration]") {
    CHECK(misfit_of<User, Desk, Place, Seat, Badge, Chair, Letter>() == "");
}
