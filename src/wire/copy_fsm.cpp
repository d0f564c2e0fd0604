#include "wire/copy_fsm.hpp"

#include "wire/diagnostics.hpp"

namespace corm::wire {
namespace {

// Large enough that a system call carries much, small enough that the socket takes it at once or nearly so.
constexpr std::size_t chunk = std::size_t{1} << 16;

} // namespace

Want CopyFsm::begin() {
    ++round_trips_;
    if (!conn_.pq().send_simple(conn_.get(), sql_.c_str()))
        return lose();
    return step();
}

Want CopyFsm::resume(CopyStep step) {
    paused_ = channel_->open = false;
    switch (step) {
    case CopyStep::put:
        bytes_ = channel_->bytes;
        note_refusal();
        break;
    case CopyStep::end: complete_ = true; break;
    case CopyStep::fail: failed_ = true; break;
    case CopyStep::get: channel_->bytes.clear(); break;
    }
    return this->step();
}

Want CopyFsm::pause() noexcept {
    paused_ = channel_->open = true;
    return Want::pause;
}

void CopyFsm::note_refusal() {
    refused_ = refused_ || conn_.pq().error_waits(conn_.get());
}

// 1: go on, 0: libpq has no room, -1: failed.
int CopyFsm::put() {
    Pq& pq = conn_.pq();
    const char* const reason = given_up_  ? "nobody waits for the rows any more"
                               : failed_  ? "the client has no more rows, because it failed"
                               : refused_ ? "the server has refused a row"
                                          : nullptr;
    if (reason == nullptr && !bytes_.empty()) {
        const std::string_view next = bytes_.substr(0, chunk);
        const int taken = pq.put_copy_data(conn_.get(), next);
        if (taken == 1)
            bytes_.remove_prefix(next.size());
        return taken;
    }
    const int taken = pq.put_copy_end(conn_.get(), reason);
    if (taken == 1) {
        stage_ = Stage::ending;
        ++round_trips_;
    }
    return taken;
}

Want CopyFsm::step() {
    Pq& pq = conn_.pq();
    for (;;) {
        const int flushed = pq.flush(conn_.get());
        if (flushed < 0)
            return lose();
        output_pending_ = flushed == 1;
        if (output_pending_)
            return Want::read_write;
        if (stage_ == Stage::ending) {
            // A server that refused a row has said all it will: it may have been read while rows were sent.
            receive();
            return done() ? Want::done : Want::read;
        }
        if (stage_ == Stage::receiving)
            return take();
        if (stage_ == Stage::starting)
            return Want::read;
        if (channel_ && bytes_.empty() && !complete_ && !failed_ && !given_up_ && !refused_)
            return pause();
        const int taken = put();
        if (taken < 0)
            return lose();
        if (taken == 0) {
            output_pending_ = true;
            return Want::read_write;
        }
    }
}

Want CopyFsm::take() {
    std::string& bytes = channel_->bytes;
    for (;;) {
        if (given_up_)
            bytes.clear();
        else if (bytes.size() >= channel_->enough)
            return pause();
        const int taken = conn_.pq().get_copy_data(conn_.get(), bytes);
        if (taken == 0)
            return Want::read;
        if (taken == 1)
            continue;
        if (taken != -1)
            return lose();
        stage_ = Stage::ending;
        receive();
        return done() ? Want::done : Want::read;
    }
}

Want CopyFsm::on_writable() {
    if (paused_)
        return Want::pause;
    return done() ? Want::done : step();
}

Want CopyFsm::on_readable() {
    if (done())
        return Want::done;
    if (paused_) // what has come is for the next step
        return Want::pause;
    if (stage_ == Stage::sending)
        note_refusal();
    const bool alive = conn_.pq().consume_input(conn_.get());
    const Stage before = stage_;
    receive();
    if (done())
        return Want::done;
    if (paused_)
        return Want::pause;
    if (stage_ == Stage::receiving && before == stage_) {
        const Want want = take();
        return want == Want::read && !alive ? lose() : want;
    }
    if (!alive)
        return lose();
    return output_pending_ || stage_ != before ? step() : Want::read;
}

void CopyFsm::finish() noexcept {
    stage_ = Stage::done;
    paused_ = false;
    if (channel_)
        channel_->open = false;
}

void CopyFsm::receive() {
    Pq& pq = conn_.pq();
    // While rows are sent, libpq keeps an error to itself until it has been told that there are no more.
    while ((stage_ == Stage::starting || stage_ == Stage::ending) && !pq.is_busy(conn_.get())) {
        pg_result* const answer = pq.get_result(conn_.get());
        if (answer == nullptr) {
            lost_ = !pq.connected(conn_.get());
            finish();
            return;
        }
        Result owner{answer};
        switch (pq.result_status(answer)) {
        case ResultStatus::ok:
        case ResultStatus::tuples: result_ = std::move(owner); break;
        case ResultStatus::copy:
            if (stage_ == Stage::starting) {
                stage_ = Stage::sending;
                break;
            }
            [[fallthrough]];
        case ResultStatus::copy_out:
            if (stage_ == Stage::starting && channel_) {
                // The caller says when it wants the first rows.
                stage_ = Stage::receiving;
                if (!given_up_)
                    static_cast<void>(pause());
                return;
            }
            [[fallthrough]];
        case ResultStatus::error:
            error_ = read_diagnostics(pq, answer, sql_);
            // Without an SQLSTATE it is libpq that speaks: the socket ended, or the bytes made no sense.
            lost_ = error_->sqlstate.empty() || is_fatal(*error_);
            break;
        case ResultStatus::row:
        case ResultStatus::sync:
        case ResultStatus::aborted:
        case ResultStatus::other: lost_ = true; break;
        }
        if (lost_) {
            finish();
            return;
        }
    }
    // Nothing of the notices that came meanwhile is left to libpq.
    if (stage_ == Stage::sending)
        static_cast<void>(pq.is_busy(conn_.get()));
}

// What the server said before it went away is still to be read.
Want CopyFsm::lose() {
    Pq& pq = conn_.pq();
    if (stage_ == Stage::sending)
        static_cast<void>(pq.put_copy_end(conn_.get(), "the connection is lost"));
    stage_ = Stage::ending;
    static_cast<void>(pq.consume_input(conn_.get()));
    receive();
    finish();
    lost_ = true;
    return Want::done;
}

} // namespace corm::wire
