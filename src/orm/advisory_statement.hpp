// The functions of advisory locks.
#pragma once

#include "wire/request.hpp"

#include <corm/orm/advisory_key.hpp>
#include <corm/orm/options.hpp>

namespace corm::orm {

enum class AdvisoryCall { lock, try_lock, unlock, transaction_lock, transaction_try_lock };

/// One row of one column: nothing, or whether it has succeeded.
[[nodiscard]] wire::Statement advisory_statement(AdvisoryCall call, const AdvisoryKey& key, LockShare share);

/// What a call that may fail has answered.
[[nodiscard]] bool is_granted(const wire::Result& result);

} // namespace corm::orm
