// The mappings of the unit tests, whose own programs have no server.
#include "support/fits.hpp"

#include "unit/mapping/entities.hpp"
#include "unit/orm/json_entities.hpp"
#include "unit/orm/json_values_entities.hpp"
#include "unit/query/entities.hpp"
#include "unit/query/joined_entities.hpp"
#include "unit/query/related_entities.hpp"
#include "unit/schema/derive_entities.hpp"
#include "unit/uow/copy_entities.hpp"
#include "unit/uow/entities.hpp"
#include "unit/uow/graph.hpp"
#include "unit/uow/guard_entities.hpp"
#include "unit/uow/instance_entities.hpp"
#include "unit/uow/table_order_entities.hpp"
#include "unit/uow/unique_entities.hpp"

#include <catch2/catch_test_macros.hpp>

using corm::test::misfit_of;

TEST_CASE("derived tables fit: mappings of the mapping tests", "[verify][integration]") {
    CHECK(misfit_of<mapping_test::Line, mapping_test::Country>() == "");
    CHECK(misfit_of<mapping_test::HttpAccessLog>() == "");
    CHECK(misfit_of<mapping_test::Token, mapping_test::Slot, mapping_test::Loose, mapping_test::Seat,
                    mapping_test::Host>() == "");
}

TEST_CASE("derived tables fit: mappings of the query tests", "[verify][integration]") {
    CHECK(misfit_of<query_test::User, query_test::Order, query_test::Stamped>() == "");
    CHECK(corm::test::misfit({query_test::people()}) == "");
    CHECK(misfit_of<joined_test::Person, joined_test::Badge, joined_test::Order, joined_test::Line>() == "");
    CHECK(misfit_of<related_test::Member, related_test::Group, related_test::Post>() == "");
}

TEST_CASE("derived tables fit: mappings of the tests of units of work", "[verify][integration]") {
    CHECK(misfit_of<uow_test::User, uow_test::Order, uow_test::Stamped, uow_test::Line, uow_test::Token>() == "");
    CHECK(misfit_of<uow_test::Tick, uow_test::Slot, uow_test::Guest, uow_test::Visit, uow_test::Ticket, uow_test::Page,
                    uow_test::Price>() == "");
    CHECK(misfit_of<uow_test::Left, uow_test::Right>() == "");
    CHECK(misfit_of<copy_test::Point, copy_test::Pet, copy_test::Ticket>() == "");
    CHECK(misfit_of<guard_test::Seat, guard_test::Thing>() == "");
    CHECK(misfit_of<instance_test::Parcel, instance_test::Huge>() == "");
}

TEST_CASE("derived tables fit: mappings of the tests of table orders", "[verify][integration]") {
    CHECK(misfit_of<table_order_test::Country, table_order_test::Region, table_order_test::City>() == "");
    CHECK(misfit_of<table_order_test::Hen, table_order_test::Egg>() == "");
}

TEST_CASE("derived tables fit: mappings of the unit tests of unique values", "[verify][integration]") {
    CHECK(misfit_of<unique_test::Badge, unique_test::Place, unique_test::Desk, unique_test::Chair,
                    unique_test::Stool>() == "");
    CHECK(misfit_of<unique_test::Seat, unique_test::Cell, unique_test::Rental, unique_test::Pair, unique_test::Country,
                    unique_test::Town, unique_test::Node, unique_test::Coupon, unique_test::Voucher>() == "");
    CHECK(misfit_of<unique_test::Letter, unique_test::Parcel, uow_test::User, uow_test::Order, uow_test::Word>() == "");
}

TEST_CASE("derived tables fit: mappings of the unit tests of graphs", "[verify][integration]") {
    CHECK(misfit_of<graph_test::Author, graph_test::Book, graph_test::Tag, graph_test::Profile>() == "");
    CHECK(misfit_of<graph_test::Node>() == "");
    CHECK(misfit_of<graph_test::Sheet, graph_test::Cell>() == "");
}

TEST_CASE("derived tables fit: mappings of the tests of JSON", "[verify][integration]") {
    CHECK(misfit_of<json_test::Account, json_test::Card, json_test::Secret>() == "");
    CHECK(misfit_of<json_test::Grid, json_test::Row>() == "");
    CHECK(misfit_of<json_values_test::Everything, json_values_test::Arrays, json_values_test::Reading,
                    json_values_test::Note>() == "");
}

TEST_CASE("derived tables fit: mappings of the tests of derived tables", "[verify][integration]") {
    CHECK(misfit_of<derive_test::Person>() == "");
    // Alone: it has a part of Person's columns, and cannot insert into a table of all.
    CHECK(misfit_of<derive_test::PersonName>() == "");
}
