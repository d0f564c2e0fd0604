// Reading a relation of several objects by one statement.
#pragma once

#include "uow/relation_book.hpp"
#include "uow/statement_texts.hpp"

#include <corm/type/parameters.hpp>

#include <memory>
#include <string>
#include <vector>

namespace corm::uow {

/// One relation of some objects, and what has to be asked for it.
struct RelationLoad {
    const mapping::RelationEnds* ends = nullptr;
    /// The objects whose relation is read; those that refer come together by the key that they refer to.
    std::vector<std::vector<std::shared_ptr<Instance>>> owners;
    std::vector<std::string> keys; ///< that are referred to, one for each of `owners`; for relations that refer

    [[nodiscard]] bool empty() const noexcept { return owners.empty(); }
    /// The columns of the target, and behind them the number of its element of `owners`, from 1.
    [[nodiscard]] Text text() const;
    void append(types::Parameters& parameters) const;
};

} // namespace corm::uow
