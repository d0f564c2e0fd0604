// Sequences of operations, and how a failing one becomes short.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace model_test {

enum class Op : std::uint8_t {
    add,
    edit,
    edit_back,
    move,
    clear,
    link,
    unlink,
    remove,
    keep,
    replace,
    add_again,
    flush,
    refuse,
    begin,
    release,
    rollback_to,
    commit,
    rollback,
    expire,
    get,
    refresh,
    query,
    load,
    drop,
    close,
};
[[nodiscard]] const char* to_string(Op op) noexcept;

/// What it is done to, the state decides when the step is played: the numbers choose among what there is. So a sequence
/// stays one when steps are left out.
struct Step {
    Op op{};
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t c = 0;
};
using Steps = std::vector<Step>;

/// The same for the same seed.
[[nodiscard]] Steps make_steps(std::uint32_t seed, std::size_t most);

/// Plays steps; what went wrong, or nothing.
using Trial = std::function<std::optional<std::string>(const Steps&)>;

/// Leaves out steps, in larger and smaller pieces, as long as the rest still fails.
[[nodiscard]] Steps shrink(Steps steps, const Trial& trial);

} // namespace model_test
