// The mappings of the programs that are no tests: what the soak, the budget, the benchmarks and the README have.
#include "budget/flush_entities.hpp"
#include "soak/teller.hpp"
#include "support/fits.hpp"

#include "../../../benchmarks/corm_entities.hpp"
#include "../../../examples/job_queue/letters.hpp"
#include "../../../examples/techempower/entities.hpp"
#include "quickstart_structs.hpp"

#include <catch2/catch_test_macros.hpp>

using corm::test::misfit_of;

TEST_CASE("derived tables fit: mappings of the soak", "[verify][integration]") {
    CHECK(misfit_of<corm::soak::Account, corm::soak::Transfer>() == "");
}

TEST_CASE("derived tables fit: mappings of the budget", "[verify][integration]") {
    CHECK(misfit_of<budget::Parent, budget::Child, budget::Item>() == "");
}

TEST_CASE("derived tables fit: mappings of the benchmarks", "[verify][integration]") {
    CHECK(misfit_of<bench::Balance>() == "");
    CHECK(misfit_of<bench::Account, bench::Item, bench::Entry>() == "");
    CHECK(misfit_of<bench::CopiedEntry>() == "");
    CHECK(misfit_of<bench::Order, bench::AccountBalance>() == "");
    CHECK(misfit_of<bench::LedgerLine>() == "");
}

TEST_CASE("derived tables fit: mappings of the TechEmpower server", "[verify][integration]") {
    CHECK(misfit_of<techempower::World, techempower::Fortune>() == "");
}

TEST_CASE("derived tables fit: mappings of the job queue", "[verify][integration]") {
    CHECK(misfit_of<job_queue::Job, job_queue::Delivery>() == "");
}

TEST_CASE("derived tables fit: mappings of the quickstart", "[verify][integration]") {
    CHECK(misfit_of<User>() == "");
}
