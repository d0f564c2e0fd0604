// Row locks of a SELECT.
#pragma once

#include <string>
#include <vector>

namespace corm::sql {

/// How strong the lock on each row is (PostgreSQL documentation, 13.3.2), weakest first.
enum class LockMode { key_share, share, no_key_update, update };

/// What happens when another transaction holds a lock in the way: wait, fail with 55P03, or leave the row out.
enum class LockWait { block, nowait, skip_locked };

/// The locking clause.
struct Lock {
    LockMode mode = LockMode::update;
    LockWait wait = LockWait::block;
    /// Tables, unquoted and without schema: aliases where the statement has joins. Empty: the statement's own table.
    std::vector<std::string> of{};
};

} // namespace corm::sql
