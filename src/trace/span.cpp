#include <corm/trace/span.hpp>

#include <corm/base/error.hpp>

#include <atomic>
#include <utility>

namespace corm::trace {

std::uint64_t next_operation_id() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

SqlState sqlstate_of(const std::exception_ptr& error) noexcept {
    if (!error)
        return {};
    try {
        std::rethrow_exception(error);
    } catch (const DatabaseError& refused) {
        return refused.sqlstate();
    } catch (const ConnectionError& lost) {
        return lost.sqlstate();
    } catch (...) {
        return {};
    }
}

Span::Span(std::shared_ptr<Tracer> tracer, Operation operation, std::string subject, std::source_location where)
    : tracer_(std::move(tracer)) {
    if (!tracer_)
        return;
    subject_ = std::move(subject);
    where_ = where;
    operation_ = operation;
    id_ = next_operation_id();
    started_ = std::chrono::steady_clock::now();
    tracer_->start({id_, operation_, subject_, where_});
}

Span& Span::operator=(Span&& other) noexcept {
    if (this != &other) {
        finish(true, {});
        tracer_ = std::move(other.tracer_);
        subject_ = std::move(other.subject_);
        where_ = other.where_;
        started_ = other.started_;
        id_ = other.id_;
        operation_ = other.operation_;
    }
    return *this;
}

Span::~Span() {
    finish(true, {});
}

void Span::finish(bool failed, SqlState sqlstate) noexcept {
    if (const std::shared_ptr<Tracer> tracer = std::exchange(tracer_, nullptr))
        tracer->finish(
            {id_, operation_, subject_, where_, std::chrono::steady_clock::now() - started_, failed, sqlstate});
}

} // namespace corm::trace
