// One value whose type is known at run time alone.
#pragma once

#include "base/memory.hpp"

#include <corm/type/codec.hpp>

namespace corm::types {

/// Default-constructed.
class Value {
public:
    explicit Value(const ValueType& type) : memory_(type) { type.construct(memory_.at); }
    Value(const Value&) = delete;
    Value& operator=(const Value&) = delete;
    ~Value() { memory_.type.destroy(memory_.at); }

    [[nodiscard]] void* at() noexcept { return memory_.at; }

private:
    // Of its own, for constructors that throw.
    struct Memory {
        explicit Memory(const ValueType& of) : type(of), at(corm::detail::allocate(of.size, of.align)) {}
        Memory(const Memory&) = delete;
        Memory& operator=(const Memory&) = delete;
        ~Memory() { corm::detail::deallocate(at, type.size, type.align); }

        const ValueType& type;
        void* at;
    };

    Memory memory_;
};

} // namespace corm::types
