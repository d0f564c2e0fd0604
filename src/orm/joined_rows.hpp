// The objects that come in the rows of a query by its joins.
#pragma once

#include "uow/unit_of_work.hpp"

#include <corm/query/select.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <source_location>
#include <vector>

namespace corm::orm {

/// Attaches them row by row, and links them.
class JoinedRows {
public:
    JoinedRows(uow::UnitOfWork& uow, const query::SelectQuery& query, std::source_location where);

    /// `object` is that of the query itself. Throws as `UnitOfWork::attach`, and `MappingError` where a relation leads
    /// to several rows.
    void take(const types::Rows& rows, int row, const std::shared_ptr<uow::Instance>& object);
    /// The joined relations, if a row left one of them unknown: they are to be loaded like others. Otherwise none.
    [[nodiscard]] std::vector<query::RelationPath> unfinished() const;

private:
    using Object = std::shared_ptr<uow::Instance>;
    /// One of the joins.
    struct Step {
        const mapping::RelationEnds* ends = nullptr;
        std::size_t from = 0; ///< whose relation it is: 0 of the query's object, n of the n-th joined one
        int column = 0;
        uow::Populate populate = uow::Populate::fill;
        /// For relations of which the target refers: where it belongs by changes that are not flushed, and what was
        /// found so far, as there may be too many.
        std::vector<Object> unsent{};
        boost::unordered_flat_map<Object, Object> found{};
    };
    void require_single(Step& step, const Object& owner, const Object& target) const;

    uow::UnitOfWork& uow_;
    const query::SelectQuery& query_;
    std::source_location where_;
    std::vector<Step> steps_;
    std::vector<Object> objects_; ///< of the row: the query's, then one for each step, or null
    bool incomplete_ = false;
};

/// What the joined relations of `objects`, which the query has found, lead to now.
void append_joined(const query::SelectQuery& query, const std::vector<std::shared_ptr<uow::Instance>>& objects,
                   std::vector<std::shared_ptr<uow::Instance>>& found);

} // namespace corm::orm
