#include "wire/result.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <cstring>

namespace corm::wire {

Result::Result(pg_result* result) noexcept : result_(result), rows_(PQntuples(result)), columns_(PQnfields(result)) {}

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

types::FieldView Result::field(int row, int column) const noexcept {
    const pg_result* result = result_.get();
    types::FieldView field;
    field.size = PQgetlength(result, row, column);
    field.oid = PQftype(result, column);
    field.format = PQfformat(result, column) == 1 ? types::Format::binary : types::Format::text;
    // A NULL has length 0: only those have to be asked about.
    if (field.size != 0 || PQgetisnull(result, row, column) == 0)
        field.data = PQgetvalue(result, row, column);
    return field;
}

std::string_view Result::tag() const noexcept {
    const char* tag = result_ ? PQcmdStatus(result_.get()) : nullptr;
    return tag != nullptr ? std::string_view{tag} : std::string_view{};
}

std::int64_t Result::affected_rows() const noexcept {
    const char* count = result_ ? PQcmdTuples(result_.get()) : "";
    std::int64_t rows = 0;
    std::from_chars(count, count + std::strlen(count), rows);
    return rows;
}

} // namespace corm::wire
