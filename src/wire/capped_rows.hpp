// The rows of a result that may not grow beyond a cap.
#pragma once

#include "wire/result.hpp"

#include <cstddef>
#include <memory>
#include <string>

struct pg_result;

namespace corm::wire {

/// The most that one result may be; 0: any size.
struct ResultCap {
    std::size_t rows = 0;
    std::size_t bytes = 0; ///< of memory that the result takes

    [[nodiscard]] bool is_set() const noexcept { return rows != 0 || bytes != 0; }
};

/// What a result of this size is beyond, for people: "more than 10 rows, which is the cap (max_rows, at_most)"; empty
/// if it is within the cap.
[[nodiscard]] std::string excess(const ResultCap& cap, std::size_t rows, std::size_t bytes);

/// Puts the rows of a statement together that come one by one. Not thread-safe.
class CappedRows {
public:
    /// Takes a copy. Throws `std::bad_alloc`.
    void add(const pg_result* row);
    /// All rows, and the command tag of `last`, with which they end.
    [[nodiscard]] Result finish(Result last) noexcept;
    void clear() noexcept { rows_ = {}; }

    [[nodiscard]] bool empty() const noexcept { return rows_ == nullptr; }
    [[nodiscard]] std::size_t rows() const noexcept;
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    Result::Owner rows_;
};

} // namespace corm::wire
