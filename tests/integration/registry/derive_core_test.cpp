// The mappings of the unit tests, against the tables that are derived from them.
#include "fits.hpp"

#include "unit/mapping/entities.hpp"
#include "unit/query/entities.hpp"
#include "unit/uow/entities.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;

TEST_CASE("tables derived from the mappings of the unit tests fit", "[verify][integration]") {
    CHECK(misfit_of<mapping_test::Line, mapping_test::Country>() == "");
    CHECK(misfit_of<mapping_test::HttpAccessLog>() == "");
    CHECK(misfit_of<mapping_test::Token, mapping_test::Slot, mapping_test::Loose, mapping_test::Seat>() == "");
    CHECK(misfit_of<query_test::User, query_test::Order>() == "");
    CHECK(misfit_of<uow_test::User, uow_test::Order, uow_test::Stamped, uow_test::Line, uow_test::Token>() == "");
    CHECK(misfit_of<uow_test::Tick, uow_test::Slot, uow_test::Guest, uow_test::Visit, uow_test::Ticket>() == "");
}
