#include "orm/copy_run.hpp"

#include "base/memory.hpp"
#include "base/place.hpp"
#include "orm/failed_while.hpp"
#include "orm/load.hpp"
#include "orm/parts.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace corm::orm {

/// What the parts of a run share. They may be gone with their operation before it.
struct CopyRun::State {
    std::string doing;
    std::exception_ptr cause; ///< why the client made the COPY fail
    std::int64_t first_row = 0;
    std::int64_t rows = 0;

    /// The server's word on a row, with the number of the row.
    [[nodiscard]] std::exception_ptr explain(const std::exception_ptr& error) const;
};

namespace {

/// The server counts rows from 1 in the context of an error: "COPY users, line 7", behind those of functions that
/// failed meanwhile. 0: it does not say.
std::int64_t row_of(std::string_view context) {
    constexpr std::string_view mark = ", line ";
    while (!context.empty()) {
        const std::string_view line = context.substr(0, context.find('\n'));
        const std::size_t at = line.find(mark);
        std::int64_t row = 0;
        if (line.starts_with("COPY ") && at != std::string_view::npos)
            std::from_chars(line.data() + at + mark.size(), line.data() + line.size(), row);
        if (row != 0)
            return row;
        context.remove_prefix(std::min(line.size() + 1, context.size()));
    }
    return 0;
}

} // namespace

std::exception_ptr CopyRun::State::explain(const std::exception_ptr& error) const {
    if (cause)
        return cause;
    std::int64_t row = 0;
    try {
        std::rethrow_exception(error);
    } catch (const DatabaseError& refused) {
        row = row_of(refused.diagnostics().context);
    } catch (...) {
        // Not the server's.
    }
    return failed_while(doing + (row != 0 ? ", row " + std::to_string(first_row + row) : ""), error);
}

class CopyRun::OpenPart final : public Part {
public:
    OpenPart(CopyCommand command, std::shared_ptr<wire::CopyChannel> channel, std::shared_ptr<State> state)
        : Part(command.questions.size() + 1), command_(std::move(command)), channel_(std::move(channel)),
          state_(std::move(state)) {}

    void append(std::vector<wire::Statement>& request) override {
        command_.check->first = request.size();
        std::move(command_.questions.begin(), command_.questions.end(), std::back_inserter(request));
        wire::Statement& copy = request.emplace_back();
        copy.sql = command_.text;
        copy.prepare = false;
        copy.raw = command_.raw;
        copy.copy = command_.check;
        copy.channel = channel_;
    }
    void digest(std::span<wire::Result> results) override {
        results = results.first(results.size() - 1); // the COPY is but open
        answers.assign(std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
    }
    [[nodiscard]] std::exception_ptr explain(std::size_t /*statement*/,
                                             const std::exception_ptr& error) const override {
        return state_->explain(error);
    }

    std::vector<wire::Result> answers;

private:
    CopyCommand command_;
    std::shared_ptr<wire::CopyChannel> channel_;
    std::shared_ptr<State> state_;
};

class CopyRun::StepPart final : public Part {
public:
    explicit StepPart(std::shared_ptr<State> state) : state_(std::move(state)) {}
    void append(std::vector<wire::Statement>& /*request*/) override {}
    void digest(std::span<wire::Result> results) override { state_->rows = results.front().affected_rows(); }
    [[nodiscard]] std::exception_ptr explain(std::size_t /*statement*/,
                                             const std::exception_ptr& error) const override {
        return state_->explain(error);
    }

private:
    std::shared_ptr<State> state_;
};

CopyRun::CopyRun(detail::Core core, const char* name, Duration within, std::source_location where)
    : core_(std::move(core)), name_(name), within_(within), where_(where), busy_(core_, name, where),
      state_(std::make_shared<State>()), steps_(std::make_shared<StepPart>(state_)) {
    core_->require_usable();
    if (core_->options.autocommit)
        throw Error(std::string{name} + " needs a transaction around it, and this session has none: use one without "
                                        "SessionOptions::autocommit and reader",
                    where);
    if (within != Duration{})
        deadline_ = deadline_in(within);
    channel_->enough = copy_buffer;
}

CopyRun::~CopyRun() {
    if (!core_->lease || !core_->lease->copying())
        return;
    const OperationPlan ended = plan();
    core_->request_failed(ended,
                          std::make_exception_ptr(Error(std::string{name_} + " at " + corm::detail::place_of(where_) +
                                                            " was given up half way, which ended the transaction of "
                                                            "this session; call rollback() before using it again",
                                                        where_)),
                          true);
}

OperationPlan CopyRun::plan() const noexcept {
    OperationPlan plan = core_->operation(name_, within_, where_);
    if (within_ != Duration{})
        plan.deadline = deadline_;
    plan.outlasts = lifts_;
    return plan;
}

Task<void> CopyRun::flush_ahead() {
    if (!core_->autoflush())
        co_return;
    if (core_->flushes_ahead())
        co_await orm::flush_ahead(core_, plan());
    flushes_ = add_flush(*core_, ahead_, where_);
}

Task<void> CopyRun::run(std::shared_ptr<Part> part) {
    OperationPlan plan = this->plan();
    lifts_ = false;
    plan.flushes = std::exchange(flushes_, false);
    Parts parts = std::exchange(ahead_, Parts{});
    parts.push_back(std::move(part));
    return core_->run(plan, std::move(parts));
}

Task<void> CopyRun::open(CopyCommand command) {
    lifts_ = core_->engine->options.deadline != no_deadline;
    state_->doing = command.doing;
    state_->first_row = first_row;
    auto part = corm::detail::make_recycled<OpenPart>(std::move(command), channel_, state_);
    co_await run(part);
    answers = std::move(part->answers);
}

Task<void> CopyRun::step(wire::CopyStep which) {
    return core_->step(plan(), which, steps_);
}

Task<void> CopyRun::get() {
    return step(wire::CopyStep::get);
}

Task<void> CopyRun::fail(std::exception_ptr cause) {
    state_->cause = cause;
    co_await step(wire::CopyStep::fail);
    // The server had taken all rows before it heard of that.
    std::rethrow_exception(cause);
}

std::int64_t CopyRun::rows() const noexcept {
    return state_->rows;
}

} // namespace corm::orm
