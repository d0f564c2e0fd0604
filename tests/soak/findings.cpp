#include "findings.hpp"

#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace corm::soak {
namespace {

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace

Findings::Findings(const std::string& log) : begun_(now()) {
    if (log.empty())
        return;
    log_.open(log);
    if (!log_)
        throw std::runtime_error("cannot write " + log);
}

void Findings::add(Figure figure, const std::string& what) {
    const std::lock_guard lock(mutex_);
    Found& found = found_[figure];
    ++found.count;
    if (found.first.size() < 5)
        found.first.push_back(what);
    write("MISSED " + std::to_string(figure) + ": " + what);
}

void Findings::note(const std::string& what) {
    const std::lock_guard lock(mutex_);
    write(what);
}

void Findings::write(const std::string& line) {
    if (log_.is_open())
        log_ << rounded(now() - begun_, 3) << ' ' << line << std::endl;
}

std::size_t Findings::count(Figure figure) const {
    const std::lock_guard lock(mutex_);
    return found_[figure].count;
}

std::string Findings::text() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (std::size_t figure = 0; figure < found_.size(); ++figure) {
        for (const std::string& what : found_[figure].first)
            text += "figure " + std::to_string(figure) + ": " + what + "\n";
    }
    return text;
}

void Table::add(Figure figure, const std::string& what, const std::string& value, const std::string& limit, bool held) {
    lines_.push_back({figure, what, value, limit, held});
}

bool Table::print() const {
    std::printf("\n     %-58s %18s   %s\n", "figure", "measured", "limit");
    bool all = true;
    for (const Line& line : lines_) {
        std::printf("%4zu %-58s %18s   %-12s%s\n", static_cast<std::size_t>(line.figure), line.what.c_str(),
                    line.value.c_str(), line.limit.c_str(), line.held ? "" : " MISSED");
        all = all && line.held;
    }
    return all;
}

std::string rounded(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

} // namespace corm::soak
