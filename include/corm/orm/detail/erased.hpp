// The operations of a session without their types: what the thin typed calls await. Compiled once.
#pragma once

#include <corm/mapping/key.hpp>
#include <corm/orm/options.hpp>
#include <corm/query/options.hpp>
#include <corm/query/page.hpp>
#include <corm/query/raw.hpp>
#include <corm/query/select.hpp>
#include <corm/uow/instance.hpp>
#include <corm/wire/task.hpp>

#include <cstdint>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <vector>

namespace corm::orm {
class SessionCore;
struct EngineCore;
} // namespace corm::orm
namespace corm::query {
struct InsertQuery;
struct ComposedQuery;
class ChangeStatement;
} // namespace corm::query

namespace corm::orm::detail {

using Core = std::shared_ptr<SessionCore>;
using Handle = std::shared_ptr<uow::Instance>;

/// What one query of an operation yields: objects of a select, rows of anything else. Of rows with objects in them
/// both, the objects row by row, null where a row has none.
struct Outcome {
    std::vector<Handle> instances;
    std::shared_ptr<const types::Rows> rows;
    std::int64_t affected = 0;
};

using Composed = std::shared_ptr<const query::ComposedQuery>;

/// A query of any kind. Handed on many times before it is sent, so it is a pointer.
class Query {
public:
    Query(query::SelectQuery&& select); // NOLINT: stands for it, as do the other two
    Query(query::RawStatement&& raw);   // NOLINT
    Query(Composed composed);           // NOLINT

    /// One of these is not null.
    [[nodiscard]] const query::SelectQuery* select() const noexcept;
    [[nodiscard]] const query::RawStatement* raw() const noexcept;
    [[nodiscard]] const query::ComposedQuery* composed() const noexcept;

private:
    struct Kinds;
    std::shared_ptr<const Kinds> kinds_;
};

/// How many rows a caller wants; more than it can use are an error that is worth a sentence.
enum class Wanted { any, at_most_one, exactly_one };

[[nodiscard]] Core make_session(std::shared_ptr<EngineCore> engine, const SessionOptions& options);
void abandon(const Core& core) noexcept;

[[nodiscard]] Task<Handle> get(Core core, std::shared_ptr<const mapping::Mapper> mapper, mapping::EncodedKey key,
                               query::ReadOptions options, std::source_location where);
/// As `get`; throws `NotFoundError` naming entity and key instead of returning null.
[[nodiscard]] Task<Handle> get_one(Core core, std::shared_ptr<const mapping::Mapper> mapper, mapping::EncodedKey key,
                                   query::ReadOptions options, std::source_location where);
/// `relations` are read along.
[[nodiscard]] Task<void> refresh(Core core, Handle instance, query::ReadOptions options,
                                 std::vector<query::RelationPath> relations, std::source_location where);
[[nodiscard]] Task<Outcome> run(Core core, Query query, Wanted wanted, std::source_location where);
[[nodiscard]] Task<std::string> explain(Core core, Query query, ExplainOptions options, std::source_location where);
struct PageOutcome {
    std::vector<Handle> instances;
    std::string next; ///< empty on the last page
};
[[nodiscard]] Task<PageOutcome> page(Core core, query::PagedQuery paged, std::source_location where);
/// Moves the queries out before it returns.
[[nodiscard]] Task<std::vector<Outcome>> pipeline(Core core, std::span<Query> queries, std::source_location where);
/// `wanted`: the written rows as objects; otherwise those that the session holds learn what was written.
[[nodiscard]] Task<Outcome> insert(Core core, std::shared_ptr<const query::InsertQuery> query, bool wanted,
                                   std::source_location where);
/// Objects of the table that the session holds take the values of their rows, or are deleted.
[[nodiscard]] Task<Outcome> change(Core core, std::shared_ptr<const query::ChangeStatement> statement, Wanted wanted,
                                   std::source_location where);
[[nodiscard]] Task<Handle> merge(Core core, Handle source, MergeOptions options, std::source_location where);
/// One for each source, in their order.
[[nodiscard]] Task<Outcome> merge_all(Core core, std::vector<Handle> sources, MergeOptions options,
                                      std::source_location where);
/// Reads relations of these objects, which must be of the session.
[[nodiscard]] Task<void> load(Core core, std::vector<Handle> owners, std::vector<query::RelationPath> paths,
                              Duration within, std::source_location where);
/// By name, of the objects' one mapper.
[[nodiscard]] Task<void> load(const Core& core, std::vector<Handle> owners,
                              const std::vector<query::NamedLoad>& relations, std::source_location where);
[[nodiscard]] Task<void> flush(Core core, Duration within, std::source_location where);
[[nodiscard]] Task<void> commit(Core core, Duration within, std::source_location where);
[[nodiscard]] Task<void> rollback(Core core, Duration within, std::source_location where);
[[nodiscard]] Task<void> close(Core core, Duration within, std::source_location where);

void add(const Core& core, const Handle& instance, std::source_location where);
void remove(const Core& core, const Handle& instance, std::source_location where);
void expunge(const Core& core, const Handle& instance, std::source_location where);
void expunge_all(const Core& core, std::source_location where);
void expire(const Core& core, const Handle& instance, std::source_location where);
void expire(const Core& core, const Handle& instance, std::size_t column, std::source_location where);
void expire_all(const Core& core, std::source_location where);
void invalidate(const Core& core, std::source_location where);
[[nodiscard]] bool is_modified(const Core& core, const Handle& instance, std::source_location where);
[[nodiscard]] bool contains(const Core& core, const Handle& instance, std::source_location where);

/// The lists of unflushed changes.
enum class Listing { added, dirty, removed };
[[nodiscard]] std::vector<Handle> listed(const Core& core, Listing listing, std::source_location where);

/// As long as it lives, queries of the session do not flush. Movable; belongs to the session's task.
class NoAutoflush {
public:
    NoAutoflush(Core core, std::source_location where);
    NoAutoflush(NoAutoflush&&) noexcept = default;
    NoAutoflush& operator=(NoAutoflush&&) = delete;
    ~NoAutoflush();

private:
    Core core_;
};

/// The session that has this object, unless it is gone.
[[nodiscard]] Core owner_of(const Handle& instance) noexcept;
[[nodiscard]] bool in_transaction(const Core& core) noexcept;
[[nodiscard]] bool in_nested_transaction(const Core& core) noexcept;

/// Waits before the next attempt of a transaction, and tells the tracer.
[[nodiscard]] Task<void> back_off(std::shared_ptr<EngineCore> engine, TransactionOptions options, int attempt,
                                  std::source_location where);

} // namespace corm::orm::detail
