// Encoded keys as parameters.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/type/parameters.hpp>

#include <span>
#include <string>

namespace corm::uow {

/// Appends one array for each column of the key.
void append_keys(types::Parameters& parameters, const mapping::Mapper& mapper, std::span<const std::string> keys);

} // namespace corm::uow
