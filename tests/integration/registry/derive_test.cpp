// The mappings of the examples, and those that tests share, against the tables that are derived from them.
#include "shop.hpp"
#include "support/fits.hpp"

#include "../../../examples/atlas_server/atlas.hpp"
#include "../../../examples/bank_transfers/bank.hpp"
#include "conformance/graph.hpp"
#include "integration/graph/graph.hpp"
#include "support/library/structs.hpp"

#include <corm/orm/registry.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;

TEST_CASE("tables derived from the mappings of the examples fit", "[verify][integration]") {
    CHECK(misfit_of<atlas::Country, atlas::Subdivision, atlas::Language, atlas::Currency>() == "");
    CHECK(misfit_of<bank::Account, bank::Transfer>() == "");
}

TEST_CASE("tables derived from the mappings of the tests fit", "[verify][integration]") {
    CHECK(misfit_of<corm::test::User, corm::test::Line>() == "");
    CHECK(misfit_of<graph_test::Author, graph_test::Book, graph_test::Tag, graph_test::Profile>() == "");
    CHECK(misfit_of<graph_test::Node>() == "");
    CHECK(misfit_of<graph_test::Sheet, graph_test::Cell>() == "");
    CHECK(misfit_of<graph_test::Person, graph_test::Ball>() == "");
    CHECK(misfit_of<conformance::User, conformance::Address, conformance::Node, conformance::Foo, conformance::Named,
                    conformance::Publisher>() == "");
    CHECK(misfit_of<graph::User, graph::Address>() == "");
    CHECK(misfit_of<graph::Owner, graph::OwnedAddress>() == "");
    CHECK(misfit_of<graph::Keeper, graph::KeptAddress>() == "");
    CHECK(misfit_of<graph::PassiveOwner, graph::KeptAddress>() == "");
    CHECK(misfit_of<graph::Holder, graph::Card>() == "");
    CHECK(misfit_of<graph::Node>() == "");
    CHECK(misfit_of<graph::Item, graph::Keyword>() == "");
    CHECK(misfit_of<graph::OwningItem, graph::OwnedKeyword>() == "");
    CHECK(misfit_of<graph::Person, graph::Ball>() == "");
    CHECK(misfit_of<graph::Friend>() == "");
    CHECK(misfit_of<library::Author, library::Book, library::Page, library::Tag, library::Shelf>() == "");
}

TEST_CASE("tables derived from the mappings of records fit, and are used", "[verify][integration]") {
    corm::Registry registry;
    const auto shop = define_shop(registry);
    std::vector<std::shared_ptr<const corm::Mapper>> all{shop.begin(), shop.end()};
    all.push_back(corm::mapping::mapper_of<User>());
    CHECK(misfit(all) == "");
}
