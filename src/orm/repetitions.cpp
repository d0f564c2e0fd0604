#include "orm/repetitions.hpp"

#include "base/place.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace corm::orm {
namespace {

bool same_place(const std::source_location& left, const std::source_location& right) {
    return left.line() == right.line() && std::strcmp(left.file_name(), right.file_name()) == 0;
}

std::string times(int count) {
    return count == 1 ? "once" : std::to_string(count) + " times";
}

} // namespace

void Repetitions::note(const RepetitionOptions& options, trace::Tracer* tracer, const OperationPlan& plan,
                       const Parts& parts) {
    for (const std::shared_ptr<Part>& part : parts) {
        std::optional<Part::Pattern> pattern = part->pattern();
        if (!pattern)
            continue;
        Count& count = counts_[pattern->what];
        const auto known = std::find_if(count.sites.begin(), count.sites.end(),
                                        [&](const Site& site) { return same_place(site.where, plan.where); });
        if (known != count.sites.end())
            ++known->times;
        else
            count.sites.push_back({plan.where, 1});
        ++count.times;
        const bool told = count.times > options.limit + 1 && !options.throws;
        if (count.times <= options.limit || told)
            continue;
        std::string sites;
        for (const Site& site : count.sites)
            sites += (sites.empty() ? "" : ", ") + corm::detail::place_of(site.where) + " (" + times(site.times) + ")";
        const std::string report = pattern->what + " runs " + std::to_string(count.times) +
                                   " times in one session, where EngineOptions::repetitions allows " +
                                   std::to_string(options.limit) + ": at " + sites + "; " + pattern->advice;
        if (options.throws)
            throw Error(report, plan.where);
        if (tracer != nullptr)
            tracer->repetition({.what = pattern->what, .times = count.times, .report = report, .where = plan.where});
    }
}

} // namespace corm::orm
