// Values that the server fills in, on their way back into the objects.
#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/given.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace uow_test;

namespace {

/// The result of an insert of `Stamped`: what was left to the server, and the key.
EncodedRows stamped_rows() {
    return EncodedRows{{{"missing", oids::int4}, {"r1", oids::text}, {"r2", oids::text}, {"k0", oids::int4}}};
}

} // namespace

TEST_CASE("values that come back find their objects by the key", "[uow][unit]") {
    const auto session = Session::create();
    const Handle one = session->add(Stamped{.id = 1, .kind = "mine"});
    const Handle two = session->add(Stamped{.id = 2});
    FlushPlan plan = session->uow.plan();
    REQUIRE(plan.statements.size() == 1);
    CHECK(plan.statements[0].matched_by_key);
    EncodedRows rows = stamped_rows();
    rows.row(std::int32_t{0}, std::string{"b"}, std::string{"B"}, std::int32_t{2});
    rows.row(std::int32_t{0}, std::string{"a"}, std::string{"A"}, std::int32_t{1});
    session->uow.flushed(plan, {&rows}, false);
    CHECK(read<Stamped>(one).kind == "a");
    CHECK(read<Stamped>(one).shout == "A");
    CHECK(read<Stamped>(two).kind == "b");
    edit<Stamped>(two).shout = "never written";
    CHECK_FALSE(two->is_modified());
    CHECK(session->uow.plan().empty());
}

TEST_CASE("an object whose row got another key is read again", "[uow][unit]") {
    const auto session = Session::create();
    const Handle one = session->add(Stamped{.id = 1});
    const Handle two = session->add(Stamped{.id = 2});
    FlushPlan plan = session->uow.plan();
    EncodedRows rows = stamped_rows();
    rows.row(std::int32_t{0}, std::string{"a"}, std::string{"A"}, std::int32_t{1});
    rows.row(std::int32_t{0}, std::string{"b"}, std::string{"B"}, std::int32_t{9});
    session->uow.flushed(plan, {&rows}, false);
    CHECK(one->freshness == Freshness::fresh);
    CHECK(two->freshness == Freshness::expired);
    CHECK(two->state == ObjectState::persistent);
}

TEST_CASE("a value that comes back and does not fit is named, and the rest is done", "[uow][unit]") {
    const auto session = Session::create();
    const Handle one = session->add(Stamped{.id = 1});
    const Handle other = session->add(Slot{.number = 1});
    FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert slots 1", "insert stamped 1"});
    EncodedRows nothing{{{"missing", oids::int4}}};
    EncodedRows rows = stamped_rows();
    rows.row(std::int32_t{0}, std::optional<std::string>{}, std::string{"A"}, std::int32_t{1});
    std::string message;
    try {
        session->uow.flushed(plan, {&nothing, &rows}, false);
    } catch (const corm::ConversionError& error) {
        message = error.what();
    }
    CHECK(message.starts_with("stamped.kind: NULL"));
    CHECK(one->state == ObjectState::persistent);
    CHECK(one->freshness == Freshness::expired);
    CHECK(other->state == ObjectState::persistent);
    CHECK(session->uow.plan().empty());
}

TEST_CASE("columns that are given are written, and shape the insert", "[uow][unit]") {
    const auto session = Session::create();
    const std::uint64_t kind =
        corm::mapping::given_bits<Stamped>(*corm::mapping::mapper_of<Stamped>(), corm::mapping::given<&Stamped::kind>);
    const Handle left = session->add(Stamped{.id = 1});
    const Handle given = make(Stamped{.id = 2, .kind = "k"});
    given->make_given() = kind;
    session->uow.add(given, {});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert stamped 1", "insert stamped 1"});
    CHECK(dump(plan.statements[0].parameters) == parameters(std::int32_t{1}, std::int32_t{0}));
    CHECK(dump(plan.statements[1].parameters) == parameters(std::int32_t{2}, std::string{"k"}, std::int32_t{0}));
    CHECK_THROWS_AS(corm::mapping::given_bits<Stamped>(*corm::mapping::mapper_of<Stamped>(),
                                                       corm::mapping::given<&Stamped::revision>),
                    corm::MappingError);
}

TEST_CASE("an object whose row was not there to return anything is read again", "[uow][unit]") {
    const auto session = Session::create();
    EncodedRows loaded{{{"id", oids::int4}, {"note", oids::text}, {"seen", oids::text}}};
    loaded.row(std::int32_t{1}, std::string{"a"}, std::string{"A"});
    loaded.row(std::int32_t{2}, std::string{"b"}, std::string{"B"});
    loaded.row(std::int32_t{3}, std::string{"c"}, std::string{"C"});
    const Handle gone = session->attach<Visit>(loaded, Populate::fill, 0);
    const Handle there = session->attach<Visit>(loaded, Populate::fill, 1);
    const Handle also = session->attach<Visit>(loaded, Populate::fill, 2);
    edit<Visit>(gone).note = "x";
    edit<Visit>(there).note = "y";
    edit<Visit>(also).note = "z";
    const Handle kept_out = session->add(Visit{.id = 4});
    FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock visits", "update visits 3", "insert visits 1"});
    EncodedRows nothing{{}};
    EncodedRows rows{{{"ord", oids::int8}, {"r1", oids::text}}};
    rows.row(std::optional<std::int64_t>{}, std::optional<std::string>{});
    rows.row(std::optional<std::int64_t>{2}, std::optional<std::string>{"Y"});
    rows.row(std::optional<std::int64_t>{3}, std::optional<std::string>{"Z"});
    EncodedRows inserted{{{"ord", oids::int4}, {"r1", oids::text}}};
    inserted.row(std::optional<std::int32_t>{}, std::optional<std::string>{});
    session->uow.flushed(plan, {&nothing, &rows, &inserted}, false);
    CHECK(gone->freshness == Freshness::expired);
    CHECK(there->freshness == Freshness::fresh);
    CHECK(read<Visit>(there).seen == "Y");
    CHECK(kept_out->freshness == Freshness::expired);
    CHECK(kept_out->state == ObjectState::persistent);
}
