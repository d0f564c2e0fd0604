// One value whose type is known at run time alone.
#pragma once

#include <corm/type/codec.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace corm::mapping {

class Mapper;
struct Column;

/// Default-constructed.
class Value {
public:
    explicit Value(const types::ValueType& type) : type_(type), memory_(new std::byte[type.size + type.align]) {
        at_ = memory_.get();
        std::size_t space = type.size + type.align;
        std::align(type.align, type.size, at_, space);
        type.construct(at_);
    }
    Value(const Value&) = delete;
    Value& operator=(const Value&) = delete;
    ~Value() { type_.destroy(at_); }

    [[nodiscard]] void* at() noexcept { return at_; }

private:
    const types::ValueType& type_;
    std::unique_ptr<std::byte[]> memory_;
    void* at_;
};

/// Puts the value of a column that a text in PostgreSQL's form stands for into `at`; none is NULL. Throws
/// `ConversionError`, with table and column, for a text that is no value of the column.
void read_text(const Mapper& mapper, const Column& column, std::optional<std::string_view> text, void* at);

} // namespace corm::mapping
