// One value whose type is known at run time alone.
#pragma once

#include <corm/type/codec.hpp>

#include <cstddef>
#include <memory>

namespace corm::mapping {

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

} // namespace corm::mapping
