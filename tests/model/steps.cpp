#include "steps.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

namespace model_test {
namespace {

struct Weight {
    Op op;
    const char* name;
    unsigned weight;
};
constexpr std::array weights{
    Weight{Op::add, "add", 14},
    Weight{Op::edit, "edit", 8},
    Weight{Op::edit_back, "edit_back", 2},
    Weight{Op::move, "move", 12},
    Weight{Op::clear, "clear", 2},
    Weight{Op::link, "link", 8},
    Weight{Op::unlink, "unlink", 5},
    Weight{Op::remove, "remove", 6},
    Weight{Op::keep, "keep", 2},
    Weight{Op::replace, "replace", 6},
    Weight{Op::add_again, "add_again", 3},
    Weight{Op::flush, "flush", 5},
    Weight{Op::refuse, "refuse", 1},
    Weight{Op::begin, "begin", 4},
    Weight{Op::release, "release", 2},
    Weight{Op::rollback_to, "rollback_to", 4},
    Weight{Op::commit, "commit", 4},
    Weight{Op::rollback, "rollback", 2},
    Weight{Op::expire, "expire", 3},
    Weight{Op::get, "get", 7},
    Weight{Op::refresh, "refresh", 2},
    Weight{Op::query, "query", 4},
    Weight{Op::load, "load", 12},
    Weight{Op::drop, "drop", 4},
    Weight{Op::close, "close", 1},
};

} // namespace

const char* to_string(Op op) noexcept {
    return std::find_if(weights.begin(), weights.end(), [op](const Weight& weight) { return weight.op == op; })->name;
}

Steps make_steps(std::uint32_t seed, std::size_t most) {
    std::mt19937 random{seed};
    unsigned total = 0;
    for (const Weight& weight : weights)
        total += weight.weight;
    Steps steps(most / 3 + random() % (most - most / 3 + 1));
    for (Step& step : steps) {
        unsigned at = static_cast<unsigned>(random() % total);
        const auto* chosen = weights.begin();
        for (; at >= chosen->weight; ++chosen)
            at -= chosen->weight;
        step = {chosen->op, static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                static_cast<std::uint32_t>(random())};
    }
    return steps;
}

Steps shrink(Steps steps, const Trial& trial) {
    for (std::size_t piece = std::max<std::size_t>(steps.size() / 2, 1); piece > 0; piece /= 2) {
        for (bool shorter = true; shorter;) {
            shorter = false;
            // From the end: what came after the failure goes first.
            for (std::size_t at = steps.size(); at > 0;) {
                at -= std::min(piece, at);
                Steps fewer = steps;
                fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                            fewer.begin() + static_cast<std::ptrdiff_t>(std::min(at + piece, fewer.size())));
                if (!trial(fewer))
                    continue;
                steps = std::move(fewer);
                shorter = true;
            }
        }
    }
    return steps;
}

} // namespace model_test
