#include "wire/result.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <cstring>
#include <new>
#include <utility>

namespace corm::wire {

Result::Result(pg_result* result) noexcept : result_(result), rows_(PQntuples(result)), columns_(PQnfields(result)) {
    // The fields of a single row are read about once each.
    if (rows_ > 1 && columns_ > 0)
        describe_columns();
}

Result::Result(Owner rows, Result command) noexcept : Result(rows.release()) {
    command_ = std::move(command.result_);
}

void Result::Clear::operator()(pg_result* result) const noexcept {
    PQclear(result);
}

std::string_view Result::column_name(int column) const noexcept {
    const char* name = PQfname(result_.get(), column);
    return name != nullptr ? std::string_view{name} : std::string_view{};
}

types::Oid Result::column_oid(int column) const noexcept {
    return PQftype(result_.get(), column);
}

Result::Origin Result::origin(int column) const noexcept {
    return {PQftable(result_.get(), column), PQftablecol(result_.get(), column)};
}

Result::Column Result::describe(int column) const noexcept {
    const pg_result* result = result_.get();
    return {PQftype(result, column), PQfformat(result, column) == 1 ? types::Format::binary : types::Format::text};
}

void Result::describe_columns() noexcept {
    const auto count = static_cast<std::size_t>(columns_);
    auto* columns = static_cast<Column*>(PQresultAlloc(result_.get(), count * sizeof(Column)));
    if (columns == nullptr)
        return;
    for (int i = 0; i < columns_; ++i)
        ::new (columns + i) Column(describe(i));
    described_ = columns;
}

// Written where it is wanted: a view that is built on the stack and copied from there waits for each of its parts.
void Result::fields(int row, int first, std::span<types::FieldView> cells) const noexcept {
    const pg_result* const result = result_.get();
    int column = first;
    for (types::FieldView& cell : cells) {
        const Column described = described_ != nullptr ? described_[column] : describe(column);
        const int size = PQgetlength(result, row, column);
        cell.size = size;
        cell.oid = described.oid;
        cell.format = described.format;
        // A NULL has length 0: only those have to be asked about.
        const bool is_null = size == 0 && PQgetisnull(result, row, column) != 0;
        cell.data = is_null ? nullptr : PQgetvalue(result, row, column);
        ++column;
    }
}

types::FieldView Result::field(int row, int column) const noexcept {
    types::FieldView field;
    fields(row, column, {&field, 1});
    return field;
}

std::string_view Result::tag() const noexcept {
    pg_result* answer = command_ ? command_.get() : result_.get();
    const char* tag = answer != nullptr ? PQcmdStatus(answer) : nullptr;
    return tag != nullptr ? std::string_view{tag} : std::string_view{};
}

std::int64_t Result::affected_rows() const noexcept {
    pg_result* answer = command_ ? command_.get() : result_.get();
    const char* count = answer != nullptr ? PQcmdTuples(answer) : "";
    std::int64_t rows = 0;
    std::from_chars(count, count + std::strlen(count), rows);
    return rows;
}

std::size_t Result::memory() const noexcept {
    return PQresultMemorySize(result_.get());
}

} // namespace corm::wire
