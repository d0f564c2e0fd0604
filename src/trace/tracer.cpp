#include <corm/trace/tracer.hpp>

namespace corm::trace {

std::string_view to_string(Operation operation) noexcept {
    switch (operation) {
    case Operation::connect: return "connect";
    case Operation::acquire: return "acquire";
    case Operation::execute: return "execute";
    case Operation::flush: return "flush";
    case Operation::commit: return "commit";
    case Operation::rollback: return "rollback";
    case Operation::retry: return "retry";
    }
    return "operation";
}

} // namespace corm::trace
