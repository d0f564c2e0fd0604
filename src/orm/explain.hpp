// EXPLAIN of statements.
#pragma once

#include <corm/orm/options.hpp>
#include <corm/query/raw.hpp>

#include <string>
#include <string_view>

namespace corm::orm {

[[nodiscard]] query::RawStatement explained(std::string_view text, types::Parameters parameters,
                                            const ExplainOptions& options);

/// What it has answered, in lines.
[[nodiscard]] std::string plan_in(const types::Rows& rows);

} // namespace corm::orm
