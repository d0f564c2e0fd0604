// Making and dropping the objects of a model. Optional: corm/corm.hpp does not include it.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/orm/engine.hpp>
#include <corm/schema/ddl.hpp>
#include <corm/schema/model.hpp>
#include <corm/wire/task.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace corm::orm {

/// Key of the advisory lock that `create_all` and `drop_all` hold for their transaction (`pg_advisory_xact_lock` of one
/// bigint: "corm_ddl" in ASCII). Other programs that change the schema may take it as well.
inline constexpr std::int64_t schema_lock_key = 0x636f726d'5f64646c;

/// Creates what the database lacks of the model, by the statements of `schema::create_sql`, in one transaction:
///
/// ```cpp
/// co_await corm::create_all(engine, model);
/// ```
///
/// Reads first what is there, in the schemas that the model names; objects that exist are left as they are, whatever
/// they look like. Returns the statements that were run: none when nothing was missing. Calls of several programs at
/// once wait for each other, and the later ones find what the first has made. Labels that an enum of the database lacks
/// are added in a transaction of their own ahead of the rest, since PostgreSQL does not use them before they are
/// committed.
///
/// Two round trips: one that waits for the lock and reads the catalogue, one that runs the statements and commits, or
/// ends the transaction when there are none. `within` is the deadline of all of it; empty takes the engine's.
///
/// Errors: nothing has been created then, but for labels. `DatabaseError` says what was being created; `MappingError`
/// for a model that cannot be expressed, or that has another kind of object by some name; `ConnectionError`,
/// `TimeoutError`; `CommitOutcomeUnknown`, after which it can be called again. Cancellation: as operations of sessions.
/// Thread-safe; the engine must live until the call has returned, not the task.
[[nodiscard]] Task<std::vector<std::string>> create_all(const Engine& engine, schema::Database wanted,
                                                        schema::CreateOptions options = {}, Duration within = {},
                                                        std::source_location where = std::source_location::current());

/// Drops the tables, views, types, sequences and schemas of the model that the database has, by the statements of
/// `schema::drop_sql`, in one transaction. The foreign keys and views that are looked at are those of the database.
/// What the model does not name and depends on something in it is an error, unless `cascade` is set.
///
/// Everything else as with `create_all`.
[[nodiscard]] Task<std::vector<std::string>> drop_all(const Engine& engine, schema::Database unwanted,
                                                      schema::DropOptions options = {}, Duration within = {},
                                                      std::source_location where = std::source_location::current());

} // namespace corm::orm

namespace corm {
using orm::create_all;
using orm::drop_all;
} // namespace corm
