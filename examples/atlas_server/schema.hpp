// The tables of the atlas in SQL.
#pragma once

#include <corm/corm.hpp>

namespace atlas {

/// Drops the schema `corm_atlas` with all its content and makes it anew, in the session's transaction.
corm::Task<> create_schema(const corm::AsyncSession& session);

} // namespace atlas
