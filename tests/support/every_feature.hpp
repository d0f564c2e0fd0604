// The schema of tests/support/every_feature.sql.
#pragma once

#include <string>

namespace corm::test {

/// The statements, for a `Database`. Throws std::runtime_error when the file cannot be read.
std::string every_feature();
/// Rows for every table that has a key, behind that.
std::string every_feature_rows();

} // namespace corm::test
