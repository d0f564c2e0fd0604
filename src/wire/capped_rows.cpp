#include "wire/capped_rows.hpp"

#include <libpq-fe.h>

#include <new>
#include <utility>

namespace corm::wire {

std::string excess(const ResultCap& cap, std::size_t rows, std::size_t bytes) {
    if (cap.rows != 0 && rows > cap.rows)
        return "more than " + std::to_string(cap.rows) + " rows, which is the cap (max_rows, at_most)";
    if (cap.bytes != 0 && bytes > cap.bytes)
        return "more than " + std::to_string(cap.bytes) + " bytes, which is the cap (max_bytes, at_most_bytes)";
    return {};
}

void CappedRows::add(const pg_result* row) {
    if (rows_ == nullptr)
        rows_.reset(PQcopyResult(row, PG_COPYRES_ATTRS));
    bool copied = rows_ != nullptr;
    const int at = copied ? PQntuples(rows_.get()) : 0;
    for (int column = 0; copied && column < PQnfields(row); ++column) {
        const bool null = PQgetisnull(row, 0, column) != 0;
        copied = PQsetvalue(rows_.get(), at, column, null ? nullptr : PQgetvalue(row, 0, column),
                            null ? -1 : PQgetlength(row, 0, column)) != 0;
    }
    if (!copied)
        throw std::bad_alloc{};
}

Result CappedRows::finish(Result last) noexcept {
    return rows_ == nullptr ? std::move(last) : Result{std::move(rows_), std::move(last)};
}

std::size_t CappedRows::rows() const noexcept {
    return rows_ == nullptr ? 0 : static_cast<std::size_t>(PQntuples(rows_.get()));
}

std::size_t CappedRows::bytes() const noexcept {
    return rows_ == nullptr ? 0 : PQresultMemorySize(rows_.get());
}

} // namespace corm::wire
