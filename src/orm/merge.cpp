// merge(): values that come from elsewhere, as objects of a session.
#include "uow/merge.hpp"

#include "base/memory.hpp"
#include "orm/load.hpp"
#include "orm/parts.hpp"
#include "orm/session_core.hpp"
#include "uow/key_arrays.hpp"

#include <corm/base/error.hpp>
#include <corm/type/scalar.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

namespace corm::orm {
namespace {

/// Objects by their keys.
class KeysPart final : public Part {
public:
    KeysPart(SessionCore& session, std::shared_ptr<const mapping::Mapper> mapper, std::vector<mapping::EncodedKey> keys,
             std::source_location where)
        : session_(session), mapper_(std::move(mapper)), keys_(std::move(keys)), where_(where) {}

    void append(std::vector<wire::Statement>& request) override {
        wire::Statement& statement = request.emplace_back();
        statement.lifetime = mapper_->lifetime();
        statement.sql = mapper_->extension<uow::StatementTexts>().select_by_keys();
        uow::append_keys(statement.parameters, *mapper_, keys_);
    }
    void digest(std::span<wire::Result> results) override {
        const wire::Result& rows = results.front();
        found_.resize(keys_.size());
        for (int row = 0; row < rows.row_count(); ++row) {
            std::int64_t ordinal = 0;
            types::Codec<std::int64_t>::decode(rows.field(row, static_cast<int>(mapper_->columns().size())), ordinal);
            found_.at(static_cast<std::size_t>(ordinal - 1)) =
                session_.uow.attach(mapper_, rows, row, 0, uow::Populate::fill, where_);
        }
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            if (found_[i])
                continue;
            if (const auto known = session_.uow.find(*mapper_, keys_[i]))
                session_.uow.vanished(known);
        }
    }
    void append_loaded(std::vector<detail::Handle>& loaded) const override {
        std::copy_if(found_.begin(), found_.end(), std::back_inserter(loaded),
                     [](const detail::Handle& instance) { return instance != nullptr; });
    }
    void add_rows(uow::Merge& merge) {
        for (std::size_t i = 0; i < found_.size(); ++i) {
            if (found_[i])
                merge.add_row(*mapper_, std::move(keys_[i]), std::move(found_[i]));
        }
    }

private:
    SessionCore& session_; // the operation keeps it alive
    std::shared_ptr<const mapping::Mapper> mapper_;
    std::vector<mapping::EncodedKey> keys_;
    std::vector<detail::Handle> found_; ///< by each key; null: there is no row
    std::source_location where_;
};

/// All that a merge has to know. Rows of every table go in one round trip, and with them the collections of objects
/// that are in the session already; those of the others are one more.
Task<void> read_for(uow::Merge& merge, const detail::Core& core, OperationPlan plan) {
    for (const bool first : {true, false}) {
        if ((!first || merge.unread().empty()) && merge.unread_relations().empty())
            continue;
        Parts parts;
        if (first && core->autoflush()) {
            if (core->flushes_ahead())
                co_await flush_ahead(core, plan);
            plan.flushes = add_flush(*core, parts, plan.where);
        }
        plan.only_reads = !plan.flushes;
        // What was flushed need not be read.
        std::vector<uow::Merge::Keys> unread;
        if (first)
            unread = merge.unread();
        std::vector<std::shared_ptr<KeysPart>> reads;
        for (uow::Merge::Keys& rows : unread) {
            reads.push_back(
                corm::detail::make_recycled<KeysPart>(*core, std::move(rows.mapper), std::move(rows.keys), plan.where));
            parts.push_back(reads.back());
        }
        for (uow::RelationLoad& load : merge.unread_relations())
            add_load(*core, parts, std::move(load), uow::Populate::fill, plan.where);
        if (!parts.empty())
            co_await core->run(plan, std::move(parts));
        plan.flushes = false;
        for (const auto& read : reads)
            read->add_rows(merge);
    }
}

Task<std::vector<detail::Handle>> merge_all(detail::Core core, const char* name, std::vector<detail::Handle> sources,
                                            MergeOptions options, std::source_location where) {
    std::optional<SessionCore::Busy> busy;
    busy.emplace(core, name, where);
    core->require_usable();
    for (const detail::Handle& source : sources) {
        if (&source->mapper() != &sources.front()->mapper())
            throw Error(std::string{name} + " was given objects of " + sources.front()->mapper().entity() + " and " +
                            source->mapper().entity() + "; merge those of one table at a time",
                        where);
    }
    if (!sources.empty())
        sources.front()->mapper().require_usable(name);
    uow::Merge merge{core->uow, std::move(sources)};
    if (!options.load)
        co_return merge.take(where);
    co_await read_for(merge, core, core->operation(name, options.within, where));
    if (options.check_version)
        merge.check_versions(where);
    // From here on nothing waits: objects are edited as the program would edit them.
    busy.reset();
    co_return merge.finish(where);
}

} // namespace

namespace detail {

Task<Handle> merge(Core core, Handle source, MergeOptions options, std::source_location where) {
    std::vector<Handle> sources;
    sources.push_back(std::move(source));
    std::vector<Handle> merged =
        co_await orm::merge_all(std::move(core), "merge()", std::move(sources), options, where);
    co_return std::move(merged.front());
}

Task<Outcome> merge_all(Core core, std::vector<Handle> sources, MergeOptions options, std::source_location where) {
    Outcome outcome;
    outcome.instances = co_await orm::merge_all(std::move(core), "merge_all()", std::move(sources), options, where);
    co_return outcome;
}

} // namespace detail
} // namespace corm::orm
