#include <corm/orm/async_session.hpp>
#include <corm/orm/session_handle.hpp>
#include <corm/orm/transaction.hpp>

#include "orm/session_core.hpp"
#include "orm/session_hooks.hpp"

namespace corm::orm {

void SessionObjects::expire(const Ref<mapping::Record>& ref, std::string_view column,
                            std::source_location where) const {
    const mapping::Mapper& mapper = detail::required(ref)->mapper();
    const auto index = static_cast<std::size_t>(&mapping::column_by_name(mapper, column) - mapper.columns().data());
    detail::expire(core_, ref.instance(), index, where);
}

namespace detail {

void throw_empty_ref(const char* what) {
    throw Error(std::string{what} + " was given an empty handle; check it first, or use get_one() instead of get()");
}

AsyncSession session_of(std::shared_ptr<EngineCore> engine, const SessionOptions& options, std::source_location where) {
    if (options.autocommit || options.reader)
        throw Error(
            "engine.transaction() was given SessionOptions::autocommit or reader, with which each operation commits by "
            "itself, and would run again what is committed already; leave it out, or use a session of your own",
            where);
    AsyncSession session{std::move(engine), options};
    session.core_->enter_scope();
    return session;
}

Task<void> end_scope(const AsyncSession& session, std::source_location where) {
    if (session.core_->leave_scope())
        co_await session.commit({}, where);
}

// Not behind a commit that has happened: a hook behind that may have thrown.
bool undoes_hooked(const AsyncSession& session) noexcept {
    const SessionCore& core = *session.core_;
    return core.engine->options.hooks != nullptr && (core.in_open_scope() || core.has_work());
}

// No statement: the connection goes back as it is, and the pool rolls back behind it.
Task<void> undo_hooked(const AsyncSession& session, std::source_location where) {
    const SessionCore::Busy busy{session.core_, "the rollback of transaction()", where, SessionCore::Use::end};
    session.core_->rolled_back();
    co_await HookCalls::run(session.core_, SessionEvent::after_rollback);
}

bool may_run_again(const AsyncSession& session, const std::exception_ptr& failure) noexcept {
    if (session.core_->has_committed)
        return false; // a hook behind the commit, or what the function did after it
    try {
        std::rethrow_exception(failure);
    } catch (const DatabaseError& error) {
        return error.is_retryable();
    } catch (...) {
        return false;
    }
}

} // namespace detail

AsyncSession Engine::reader(SessionOptions options) const {
    options.reader = true;
    return AsyncSession{core_, options};
}

AsyncSession::AsyncSession(const Engine& engine, const SessionOptions& options)
    : AsyncSession(engine.core(), options) {}

AsyncSession::AsyncSession(std::shared_ptr<EngineCore> engine, const SessionOptions& options)
    : SessionCalls(detail::make_session(std::move(engine), options)) {}

AsyncSession& AsyncSession::operator=(AsyncSession&& other) noexcept {
    if (this != &other) {
        detail::abandon(core_);
        SessionCalls::operator=(std::move(other));
    }
    return *this;
}

SessionHandle::operator bool() const noexcept {
    const detail::Core core = session_.lock();
    return core && !core->abandoned();
}

SessionHandle::Calls SessionHandle::operator->() const {
    detail::Core core = session_.lock();
    if (core == nullptr || core->abandoned())
        throw Error("a session was used through one of its objects that belongs to none, or whose session is gone; "
                    "check object_session(ref) first");
    return Calls{std::move(core)};
}

bool SessionHandle::refers_to(const SessionCalls& session) const noexcept {
    return session.core_ && session_.lock() == session.core_;
}

AsyncSession::~AsyncSession() {
    detail::abandon(core_);
}

} // namespace corm::orm
