// A part of an operation: some statements of its request, and what becomes of their results.
#pragma once

#include "wire/request.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace corm::uow {
class Instance;
}

namespace corm::orm {

class KeyedPart;

/// Parts of one operation travel in one request. They are shared by the operation and the coroutine that reads their
/// outcome, and never refer to the operation.
class Part {
public:
    explicit Part(std::size_t count = 1) noexcept : statements(count) {}
    virtual ~Part() = default;
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

    /// How many statements `append` adds.
    const std::size_t statements;

    /// Appends the statements. Runs before anything is sent; may throw.
    virtual void append(std::vector<wire::Statement>& request) = 0;
    /// Takes the results of exactly these statements, all of which succeeded.
    virtual void digest(std::span<wire::Result> results) = 0;
    /// Objects that its rows were, for hooks.
    virtual void append_loaded(std::vector<std::shared_ptr<uow::Instance>>& /*loaded*/) const {}
    /// The key by which its one statement finds rows of one table, if that is all it does: such reads of several
    /// sessions can be one statement.
    [[nodiscard]] virtual KeyedPart* keyed() noexcept { return nullptr; }
    /// How it may share a connection with reads of other sessions: not at all; if its text is known to be quick;
    /// always.
    enum class Sharing : std::uint8_t { never, if_quick, always };
    [[nodiscard]] virtual Sharing sharing() const noexcept { return Sharing::never; }
    /// A result may be too large, which ends its request although the server has done all that it asked for.
    [[nodiscard]] virtual bool has_cap() const noexcept { return false; }
    /// What it reads, without values, and what would read many of it at once.
    struct Pattern {
        std::string what;
        std::string advice;
    };
    [[nodiscard]] virtual std::optional<Pattern> pattern() const { return std::nullopt; }
    /// A better error for the failure of the part's n-th statement, or null to keep the server's.
    [[nodiscard]] virtual std::exception_ptr explain(std::size_t /*statement*/,
                                                     const std::exception_ptr& /*error*/) const {
        return nullptr;
    }
};

/// Nearly always a query, behind the changes of the session.
using Parts = boost::container::small_vector<std::shared_ptr<Part>, 2>;

} // namespace corm::orm
