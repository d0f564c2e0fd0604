#include <corm/orm/async_session.hpp>
#include <corm/orm/transaction.hpp>

namespace corm::orm {

namespace detail {

void throw_empty_ref(const char* what) {
    throw Error(std::string{what} + " was given an empty handle; check it first, or use get_one() instead of get()");
}

AsyncSession session_of(std::shared_ptr<EngineCore> engine, const SessionOptions& options) {
    return AsyncSession{std::move(engine), options};
}

} // namespace detail

AsyncSession::AsyncSession(const Engine& engine, const SessionOptions& options)
    : AsyncSession(engine.core(), options) {}

AsyncSession::AsyncSession(std::shared_ptr<EngineCore> engine, const SessionOptions& options)
    : SessionQueries(detail::make_session(std::move(engine), options)) {}

AsyncSession& AsyncSession::operator=(AsyncSession&& other) noexcept {
    if (this != &other) {
        detail::abandon(core_);
        SessionQueries::operator=(std::move(other));
    }
    return *this;
}

AsyncSession::~AsyncSession() {
    detail::abandon(core_);
}

} // namespace corm::orm
