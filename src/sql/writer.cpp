#include <corm/sql/writer.hpp>

#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>

#include <charconv>

namespace corm::sql {

SqlWriter& SqlWriter::qualified(std::string_view qualifier, std::string_view name) {
    if (!qualifier.empty()) {
        append_identifier(text_, qualifier);
        text_ += '.';
    }
    append_identifier(text_, name);
    return *this;
}

SqlWriter& SqlWriter::placeholder() {
    return placeholder(++placeholders_);
}

SqlWriter& SqlWriter::placeholder(unsigned number) {
    char digits[12] = {'$'};
    const auto [end, error] = std::to_chars(digits + 1, digits + sizeof(digits), number);
    static_cast<void>(error); // twelve characters hold any unsigned int
    text_.append(digits, static_cast<std::size_t>(end - digits));
    return *this;
}

unsigned SqlWriter::number_of(const void* of) const noexcept {
    for (const auto& [node, number] : numbers_) {
        if (node == of)
            return number;
    }
    return 0;
}

SqlWriter& SqlWriter::parameter(const types::ValueType& type, const void* value) {
    parameters_.add(type, value);
    return placeholder();
}

SqlWriter& SqlWriter::parameter_null(types::Oid oid) {
    parameters_.add_null(oid);
    return placeholder();
}

SqlWriter& SqlWriter::parameter_encoded(types::Oid oid, types::Format format, std::string_view bytes) {
    parameters_.add_encoded(oid, format, bytes);
    return placeholder();
}

SqlWriter& SqlWriter::parameter_int8(std::int64_t value) {
    std::string bytes;
    types::put_big_endian(bytes, value);
    return parameter_encoded(types::oids::int8, types::Format::binary, bytes);
}

} // namespace corm::sql
