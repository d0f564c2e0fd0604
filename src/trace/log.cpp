#include <corm/trace/log.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

namespace corm::trace {
namespace {

void add_elapsed(std::string& line, std::chrono::nanoseconds elapsed) {
    char text[32];
    std::snprintf(text, sizeof text, " %.2f ms", static_cast<double>(elapsed.count()) / 1e6);
    line += text;
}

void add_place(std::string& line, const std::source_location& where) {
    if (where.line() == 0)
        return;
    const std::string_view file = where.file_name();
    const std::size_t slash = file.rfind('/');
    line += ' ';
    line += slash == std::string_view::npos ? file : file.substr(slash + 1);
    line += ':' + std::to_string(where.line());
}

void add_failure(std::string& line, bool failed, SqlState state) {
    if (!failed)
        return;
    line += " failed";
    if (!state.empty())
        line.append("=").append(state.code());
}

// A line stays a line.
void add_text(std::string& line, std::string_view text, std::size_t limit) {
    const bool cut = text.size() > limit;
    for (const char c : text.substr(0, limit))
        line += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    if (cut)
        line += "...";
}

} // namespace

void write_to_stderr(void*, std::string_view line) noexcept {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

void LogTracer::finish(const OperationFinish& event) noexcept {
    if (!options_.operations || (event.elapsed < options_.slower_than && !event.failed))
        return;
    try {
        std::string line{to_string(event.operation)};
        add_elapsed(line, event.elapsed);
        add_failure(line, event.failed, event.sqlstate);
        add_place(line, event.where);
        if (!event.subject.empty()) {
            line += ": ";
            add_text(line, event.subject, options_.sql_limit);
        }
        writer_(context_, line);
    } catch (...) {
        // Out of memory: a line is lost.
    }
}

void LogTracer::statement(const StatementFinish& event) noexcept {
    if (!options_.statements || (event.elapsed < options_.slower_than && !event.failed))
        return;
    try {
        std::string line = "execute";
        add_elapsed(line, event.elapsed);
        add_failure(line, event.failed, event.sqlstate);
        line += " rows=" + std::to_string(event.rows);
        line += " trip=" + std::to_string(event.round_trip);
        line += " backend=" + std::to_string(event.backend);
        add_place(line, event.where);
        if (event.parameters != 0)
            line += " parameters=" + std::to_string(event.parameters) + " (" + std::to_string(event.parameter_bytes) +
                    " bytes)";
        line += ": ";
        add_text(line, event.sql, options_.sql_limit);
        writer_(context_, line);
    } catch (...) {
        // Out of memory: a line is lost.
    }
}

void LogTracer::repetition(const Repetition& event) noexcept {
    if (!options_.repetitions)
        return;
    try {
        std::string line = "repeated";
        add_place(line, event.where);
        line += ": ";
        // The statement is in the report, and is shown as far as any.
        add_text(line, event.report, options_.sql_limit + 1000);
        writer_(context_, line);
    } catch (...) {
        // Out of memory: a line is lost.
    }
}

// Line by line, each under the same head: what others write may come between.
void LogTracer::plan(const SlowPlan& event) noexcept {
    if (!options_.plans)
        return;
    try {
        std::string line = "plan";
        add_elapsed(line, event.elapsed);
        add_place(line, event.where);
        const std::size_t head = line.size();
        line += ": ";
        add_text(line, event.sql, options_.sql_limit);
        writer_(context_, line);
        for (std::string_view rest = event.plan; !rest.empty();) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            line.resize(head);
            line += "| ";
            add_text(line, rest.substr(0, end), options_.sql_limit);
            writer_(context_, line);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    } catch (...) {
        // Out of memory: a line is lost.
    }
}

void LogTracer::notice(std::string_view text, SqlState state) noexcept {
    if (!options_.notices)
        return;
    try {
        std::string line = "notice";
        if (!state.empty())
            line.append(" ").append(state.code());
        line += ": ";
        add_text(line, text, options_.sql_limit);
        writer_(context_, line);
    } catch (...) {
        // Out of memory: a line is lost.
    }
}

} // namespace corm::trace
