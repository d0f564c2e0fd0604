// Reading the catalogue of a database. Optional: corm/corm.hpp does not include it.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/orm/engine.hpp>
#include <corm/schema/model.hpp>
#include <corm/schema/reflect_options.hpp>
#include <corm/wire/task.hpp>

#include <source_location>

namespace corm::orm {

/// What the database of an engine is made of, or a part of it:
///
/// ```cpp
/// corm::schema::Database all = co_await corm::reflect(engine);
/// corm::schema::Database app = co_await corm::reflect(engine, corm::schema::ReflectOptions{}.with_schema("app"));
/// ```
///
/// Needs no rights but that to connect. The rows of the catalogue are of one snapshot. Expressions and definitions are
/// printed by the server as of now: when the schema changes meanwhile, everything is read again, twice at most.
///
/// One round trip, in a read-only transaction that it ends, on a connection that needs no reset afterwards; each
/// reading again is one more. Takes ACCESS SHARE locks of what views read, for as long. `within` is the deadline of all
/// of it; empty takes the engine's.
///
/// Errors: `DatabaseError`, `ConnectionError`, `TimeoutError`; `Error` when the schema never stopped changing;
/// `ConversionError` for a name in `options` that is no text. Cancellation: as operations of sessions. PostgreSQL 13 or
/// later. Thread-safe; the engine must live until the call has returned, not the task.
[[nodiscard]] Task<schema::Database> reflect(const Engine& engine, schema::ReflectOptions options = {},
                                             Duration within = {},
                                             std::source_location where = std::source_location::current());

} // namespace corm::orm

namespace corm {
using orm::reflect;
}
