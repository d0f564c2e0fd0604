// Statements that one session sends again and again: what an N+1 looks like from inside.
#pragma once

#include "orm/operation.hpp"

#include <corm/orm/options.hpp>
#include <corm/trace/tracer.hpp>

#include <cstdint>
#include <map>
#include <source_location>
#include <string>
#include <vector>

namespace corm::orm {

/// Counts what a session sends, where the engine is asked to look for repetitions. Belongs to the session's task.
class Repetitions {
public:
    /// Reports what goes beyond the limit, once for each pattern; throws `Error` instead if that is asked for.
    void note(const RepetitionOptions& options, trace::Tracer* tracer, const OperationPlan& plan, const Parts& parts);

private:
    struct Site {
        std::source_location where;
        int times = 0;
    };
    struct Count {
        int times = 0;
        std::vector<Site> sites;
    };

    std::map<std::string, Count> counts_;
};

} // namespace corm::orm
