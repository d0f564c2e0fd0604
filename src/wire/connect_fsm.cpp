#include "wire/connect_fsm.hpp"

#include "wire/diagnostics.hpp"

#include <corm/base/error.hpp>

#include <string_view>

namespace corm::wire {
namespace {

bool is_permanent(SqlState state) noexcept {
    // 42501: no permission to connect. 0A000: unknown protocol option. 42704, 22023: a wrong setting in the request.
    static constexpr std::string_view codes[] = {"28P01", "28000", "3D000", "42501", "0A000", "42704", "22023"};
    for (const std::string_view code : codes) {
        if (state.code() == code)
            return true;
    }
    return false;
}

std::string_view condition(SqlState state) noexcept {
    const std::string_view code = state.code();
    if (code == "28P01")
        return "wrong password";
    if (code == "28000")
        return "the server does not let this user in";
    if (code == "3D000")
        return "no such database";
    if (code == "42501")
        return "no permission to connect";
    if (code == "53300")
        return "too many connections";
    return loss_condition(state);
}

std::string trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.remove_suffix(1);
    return std::string{text};
}

} // namespace

ConnectFsm::Want ConnectFsm::start() {
    std::vector<const char*> names, values;
    for (const auto& [name, value] : attempt_.keywords) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    conn_ = ConnHandle{pq_, pq_->connect_start(names.data(), values.data())};
    if (!conn_)
        throw std::bad_alloc();
    // Only verbose messages of a failed connection hold the SQLSTATE.
    pq_->verbose_errors(conn_.get());
    // libpq would print what the server says meanwhile. Whoever gets the connection listens to it from then on.
    pq_->receive_notices(conn_.get(), [](void*, const pg_result*) {}, nullptr);
    if (!pq_->connected(conn_.get()))
        return fail();
    return Want::write;
}

ConnectFsm::Want ConnectFsm::resume() {
    answered_ = pq_->input_waits(conn_.get());
    switch (pq_->connect_poll(conn_.get())) {
    case PollStatus::reading: return Want::read;
    case PollStatus::writing: return Want::write;
    case PollStatus::ok: return Want::connected;
    case PollStatus::failed: break;
    }
    return fail();
}

DialFailure ConnectFsm::classify(SqlState state) noexcept {
    if (!state.empty())
        return is_permanent(state) ? DialFailure::refused : DialFailure::transient;
    // Without an SQLSTATE it is libpq that failed. If that was not for want of an answer, it did not like the answer:
    // a certificate, a way to authenticate. A server in the wrong role may have another one soon.
    const std::string* const role = find(attempt_.keywords, "target_session_attrs");
    const bool any_role = role == nullptr || *role == "any";
    return answered_ && any_role ? DialFailure::permanent : DialFailure::transient;
}

ConnectFsm::Want ConnectFsm::fail() {
    const std::string text = trimmed(pq_->error_message(conn_.get()));
    Diagnostics diagnostics;
    diagnostics.sqlstate = find_sqlstate(text);
    diagnostics.message = text;
    failure_ = classify(diagnostics.sqlstate);
    std::string what = "cannot connect to " + attempt_.place;
    if (const SqlState state = diagnostics.sqlstate; !state.empty()) {
        what += ": the server refused with ";
        what += state.code();
        if (const std::string_view name = condition(state); !name.empty())
            what.append(" (").append(name).append(")");
    } else {
        // libpq's own words: addresses and reasons of the system or of TLS, no secrets.
        what += ": " + text;
    }
    conn_.reset();
    error_ = std::make_exception_ptr(ConnectionError(what, std::move(diagnostics), true));
    return Want::failed;
}

void ConnectFsm::time_out() {
    conn_.reset();
    error_ = std::make_exception_ptr(
        ConnectionError("cannot connect to " + attempt_.place + ": no answer within the connect timeout", {}, true));
}

} // namespace corm::wire
