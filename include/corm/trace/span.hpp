// One operation told to a tracer: start by construction, finish by destruction.
#pragma once

#include <corm/trace/tracer.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

namespace corm::trace {

/// A number that no other operation of the process has.
[[nodiscard]] std::uint64_t next_operation_id() noexcept;

/// The SQLSTATE that an exception of corm carries, or the empty one.
[[nodiscard]] SqlState sqlstate_of(const std::exception_ptr& error) noexcept;

/// Tells `tracer` of one operation. Does nothing, and costs nothing, without a tracer. Not thread-safe.
class Span {
public:
    Span() noexcept = default;
    Span(std::shared_ptr<Tracer> tracer, Operation operation, std::string subject, std::source_location where);
    Span(Span&& other) noexcept = default;
    Span& operator=(Span&& other) noexcept;
    /// An operation that was neither finished nor failed counts as failed: nobody waited for its end.
    ~Span();

    void succeed() noexcept { finish(false, {}); }
    void fail(const std::exception_ptr& error) noexcept { finish(true, sqlstate_of(error)); }

private:
    void finish(bool failed, SqlState sqlstate) noexcept;

    std::shared_ptr<Tracer> tracer_;
    std::string subject_;
    std::source_location where_;
    std::chrono::steady_clock::time_point started_;
    std::uint64_t id_ = 0;
    Operation operation_{};
};

} // namespace corm::trace
