// Where PostgreSQL's programs are.
#pragma once

#include <filesystem>

namespace corm::dev {

/// The directory with `initdb` and `postgres`: `wanted` if it is not empty, else the first of `pg_config --bindir`, the
/// newest /usr/lib/postgresql/<version>/bin, and PATH. Throws Error that lists where it looked.
[[nodiscard]] std::filesystem::path find_postgres_binaries(const std::filesystem::path& wanted);

} // namespace corm::dev
