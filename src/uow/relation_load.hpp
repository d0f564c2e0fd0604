// Reading a relation of several objects by one statement.
#pragma once

#include "uow/relation_book.hpp"
#include "uow/statement_texts.hpp"

#include <corm/type/field_view.hpp>
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

/// A row in which an object came together with one that a relation of it leads to.
struct JoinedRow {
    const types::Rows& rows;
    int row;
    int first; ///< cell of the owner
    const std::shared_ptr<Instance>& owner;
    const std::shared_ptr<Instance>& target; ///< null if the row has none
    /// See `UnitOfWork::unsent_targets`; for relations of which the target refers.
    const std::vector<std::shared_ptr<Instance>>& unsent;
    /// Without a target there is none. Not so behind a lock: where the server waited for it, it joins the changed row
    /// with what it had found for the old one.
    bool conclusive = true;
};

} // namespace corm::uow
