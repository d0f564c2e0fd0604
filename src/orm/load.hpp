// Reading relations, for their own sake and ahead of flushes.
#pragma once

#include "orm/parts.hpp"

#include <corm/query/load.hpp>

#include <source_location>
#include <utility>
#include <vector>

namespace corm::orm {

/// One relation of some objects.
class LoadPart final : public Part, public KeyedPart {
public:
    LoadPart(SessionCore& session, uow::RelationLoad load, uow::Populate populate, std::source_location where)
        : session_(session), load_(std::move(load)), populate_(populate), where_(where) {}

    void append(std::vector<wire::Statement>& request) override;
    void digest(std::span<wire::Result> results) override;
    void append_loaded(std::vector<detail::Handle>& loaded) const override;
    [[nodiscard]] KeyedPart* keyed() noexcept override { return finds_by_key() ? this : nullptr; }
    [[nodiscard]] Sharing sharing() const noexcept override {
        return finds_by_key() ? Sharing::always : has_cap() ? Sharing::never : Sharing::if_quick;
    }
    [[nodiscard]] bool has_cap() const noexcept override { return !finds_by_key() && session_.cap.is_set(); }
    [[nodiscard]] std::exception_ptr explain(std::size_t statement, const std::exception_ptr& error) const override;
    [[nodiscard]] const mapping::Mapper& mapper() const noexcept override { return *load_.ends->target; }
    [[nodiscard]] std::span<const std::string> keys() const noexcept override { return load_.keys; }
    void digest_rows(const wire::Result& result, std::span<const int> rows) override;
    [[nodiscard]] std::optional<Pattern> pattern() const override;

private:
    [[nodiscard]] bool finds_by_key() const noexcept { return mapping::refers(load_.ends->kind()); }

    SessionCore& session_; // the operation keeps it alive
    uow::RelationLoad load_;
    uow::Populate populate_;
    std::source_location where_;
};

/// A part for it, unless there is nothing to read.
void add_load(SessionCore& session, Parts& parts, uow::RelationLoad load, uow::Populate populate,
              std::source_location where);

/// Reads the relations at these paths, a round trip for each step of the longest that is not known yet. The caller
/// holds a `Busy`. `parts` go ahead in the first one, and are sent in any case.
[[nodiscard]] Task<void> load_paths(detail::Core core, OperationPlan plan, std::vector<detail::Handle> owners,
                                    std::vector<query::RelationPath> paths, Parts ahead = {}, LoadMode mode = {});

/// What a flush of related objects needs beforehand: the objects of removed ones, and rows whose keys others refer to.
/// A round trip for each; what is left can be written at once. The caller holds a `Busy`. Throws `Error` for rows that
/// need each other's keys in an autocommit session, which could write them but half.
/// Hooks of the flush run as well. What is given has to live until it has ended: copies would lie in the frames of all
/// operations.
[[nodiscard]] Task<void> flush_ahead(const detail::Core& core, const OperationPlan& operation,
                                     const uow::PlanMode& flush = {});
/// Its parts: without hooks, and what removals mean for other objects alone.
[[nodiscard]] Task<void> write_ahead(const detail::Core& core, const OperationPlan& operation,
                                     const uow::PlanMode& flush);
[[nodiscard]] Task<void> remove_ahead(const detail::Core& core, const OperationPlan& operation,
                                      const uow::PlanMode& flush);

} // namespace corm::orm
