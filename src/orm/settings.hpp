// Server settings that a transaction begins with.
#pragma once

#include <corm/orm/options.hpp>
#include <corm/type/parameters.hpp>

#include <memory>
#include <string>

namespace corm::orm {

/// The parameters of `settings_text`; null without settings. Throws `MappingError` for names and values that cannot be,
/// and for what has an option of its own.
[[nodiscard]] std::unique_ptr<const types::Parameters> settings_of(const SessionOptions& options);

/// Applies any number of settings, until the end of the transaction.
[[nodiscard]] const std::shared_ptr<const std::string>& settings_text();

} // namespace corm::orm
