// Whether the tables that are derived from mappings are those that the mappings need.
#pragma once

#include <corm/mapping/mapped.hpp>

#include <memory>
#include <string>
#include <vector>

namespace corm::test {

/// What `verify` says of a database in which `create_all` has made the tables of these mappings: nothing if all is
/// well. `setup` makes the types that no mapping tells the parts of, and is executed before.
std::string misfit(const std::vector<std::shared_ptr<const mapping::Mapper>>& mappers, const std::string& setup = {});

/// Those of structs. tests/integration/fits/check_fits.py finds the calls, and wants one with every mapped struct of
/// the tree.
template <class... Structs>
std::string misfit_of(const std::string& setup = {}) {
    return misfit({mapping::mapper_of<Structs>()...}, setup);
}

} // namespace corm::test
