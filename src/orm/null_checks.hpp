// Whether members that raw SQL is read into can hold what the tables behind it may.
#pragma once

#include <corm/wire/task.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <source_location>
#include <string>
#include <utility>

namespace corm::query::detail {
class RowShape;
}

namespace corm::orm {

class QueryPart;
class SessionCore;

/// Of the statements of an engine, which have passed. Thread-safe.
class NullChecks {
public:
    [[nodiscard]] bool has_passed(const std::string& sql, const query::detail::RowShape* shape) const;
    void passed(const std::string& sql, const query::detail::RowShape* shape);

private:
    mutable std::mutex mutex_;
    std::set<std::pair<std::uint64_t, const query::detail::RowShape*>> passed_; ///< hashes of texts
};

/// Throws one `MappingError` for all columns that may be NULL where their member cannot. Asks the server unless the
/// statement has passed. Within an operation of the session.
[[nodiscard]] Task<void> check_nulls(std::shared_ptr<SessionCore> core, std::shared_ptr<QueryPart> part,
                                     std::source_location where);

} // namespace corm::orm
