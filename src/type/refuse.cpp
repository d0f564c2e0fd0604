#include "type/refuse.hpp"

#include <corm/base/error.hpp>
#include <corm/type/oid.hpp>

#include <new>

namespace corm::types {
namespace {

struct UnreadableType : ConversionError {
    using ConversionError::ConversionError;
};

/// A default value of the type.
class Scratch {
public:
    explicit Scratch(const ValueType& type) : type_(type), memory_(::operator new(type.size, align())) {
        try {
            type.construct(memory_);
        } catch (...) {
            ::operator delete(memory_, align());
            throw;
        }
    }
    ~Scratch() {
        type_.destroy(memory_);
        ::operator delete(memory_, align());
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] void* get() const noexcept { return memory_; }

private:
    [[nodiscard]] std::align_val_t align() const noexcept { return std::align_val_t{type_.align}; }

    const ValueType& type_;
    void* memory_;
};

} // namespace

// By reading a value without bytes: each codec looks at the type before the bytes.
std::optional<std::string> refused_type(const ValueType& type, Oid column) {
    static constexpr char nothing[64]{}; // for codecs of others, which may not look at the size
    const Scratch scratch{type};
    try {
        type.decode({.data = nothing, .size = 0, .oid = column, .format = Format::binary}, scratch.get());
    } catch (const UnreadableType& error) {
        return error.problem();
    } catch (const ConversionError&) {
        // What was wrong was the value.
    }
    return std::nullopt;
}

void throw_unreadable(const FieldView& field, std::string_view target) {
    if (field.oid == oids::timetz || field.oid == oids::timetz_array)
        throw UnreadableType("timetz is not read: a time with a zone offset but no date names no moment; use "
                             "timestamptz, or time with the zone in a column of its own, or cast it in the query");
    throw UnreadableType("column of type with OID " + std::to_string(field.oid) + " cannot be read into " +
                         std::string{target} + "; cast it in the query, or change the type it is read into");
}

void throw_malformed(std::string_view sql_type) {
    throw ConversionError("malformed " + std::string{sql_type} + " value: its bytes are not of that type");
}

void throw_out_of_range(std::string_view target) {
    throw ConversionError("the value does not fit into " + std::string{target} + "; read it into a wider type");
}

} // namespace corm::types
