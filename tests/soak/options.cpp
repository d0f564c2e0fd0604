#include "options.hpp"

#include "common/arguments.hpp"

#include <array>

namespace corm::soak {
namespace {

constexpr std::array plants{Plant::skip_rollback, Plant::ignore_tag, Plant::late_cancel, Plant::blind_retry};

} // namespace

const char* const usage = R"(soak [options]
  --profile quiet|S   without faults, or with all of them (quiet)
  --seconds N         of load (10; S: 60)
  --tasks N           tasks at the same time (200)
  --connections N     size of the pool (8)
  --threads N         that run the tasks (1)
  --seed N            of everything that is left to chance (1)
  --no-throughput     leave out the comparison with libpq, which a busy machine disturbs
  --plant BUG         commit a bug, which must make the run fail: skip-rollback, ignore-tag, late-cancel, blind-retry
  --log FILE          what the chaos did, and what went wrong
)";

std::string_view to_string(Plant plant) noexcept {
    switch (plant) {
    case Plant::none: break;
    case Plant::skip_rollback: return "skip-rollback";
    case Plant::ignore_tag: return "ignore-tag";
    case Plant::late_cancel: return "late-cancel";
    case Plant::blind_retry: return "blind-retry";
    }
    return "none";
}

Figure missed_by(Plant plant) noexcept {
    return plant == Plant::late_cancel ? wrong_victims : verdicts;
}

Options parse(int argc, char** argv) {
    examples::Arguments arguments{argc, argv};
    Options options;
    const std::string profile = arguments.text("--profile", "quiet");
    if (profile != "quiet" && profile != "S")
        throw examples::UsageError{"there is no profile '" + profile + "'"};
    options.chaos = profile == "S";
    options.seconds = static_cast<double>(arguments.number("--seconds", options.chaos ? 60 : 10, 1, 86'400));
    options.tasks = static_cast<unsigned>(arguments.number("--tasks", options.tasks, 1, 10'000));
    options.connections = static_cast<unsigned>(arguments.number("--connections", options.connections, 2, 90));
    options.threads = static_cast<unsigned>(arguments.number("--threads", options.threads, 1, 64));
    options.seed = static_cast<std::uint32_t>(arguments.number("--seed", options.seed, 0, 4'294'967'295));
    options.throughput = !arguments.flag("--no-throughput");
    options.log = arguments.text("--log", "");
    const std::string plant = arguments.text("--plant", "none");
    for (const Plant each : plants) {
        if (plant == to_string(each))
            options.plant = each;
    }
    if (plant != to_string(options.plant))
        throw examples::UsageError{"there is no bug '" + plant + "'"};
    arguments.finish();
    return options;
}

} // namespace corm::soak
