// The exception in an exception_ptr.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <exception>
#include <stdexcept>

namespace corm::test {

/// A copy of the exception, which must be an `E`; anything else fails the test.
template <class E>
E caught(const std::exception_ptr& error) {
    REQUIRE(error);
    try {
        std::rethrow_exception(error);
    } catch (const E& e) {
        return e;
    } catch (const std::exception& e) {
        FAIL("another exception: " << e.what());
    }
    throw std::logic_error("unreachable");
}

} // namespace corm::test
