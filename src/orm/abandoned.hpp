// A session that does not outlive the coroutine that has it for itself.
#pragma once

#include <corm/orm/detail/erased.hpp>

namespace corm::orm {

/// Gives the connection back when the coroutine ends or is destroyed.
struct Abandoned {
    explicit Abandoned(const detail::Core& session) noexcept : core(session) {}
    Abandoned(const Abandoned&) = delete;
    Abandoned& operator=(const Abandoned&) = delete;
    ~Abandoned() { detail::abandon(core); }

    const detail::Core& core;
};

} // namespace corm::orm
