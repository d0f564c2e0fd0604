// The whole public interface, with the names that programs use hoisted into namespace corm.
#pragma once

#include <corm/base/error.hpp>
#include <corm/mapping/describe.hpp>
#include <corm/mapping/given.hpp>
#include <corm/mapping/json_members.hpp>
#include <corm/mapping/key.hpp>
#include <corm/mapping/record.hpp>
#include <corm/orm/async_session.hpp>
#include <corm/orm/engine.hpp>
#include <corm/orm/inspect.hpp>
#include <corm/orm/session_handle.hpp>
#include <corm/orm/session_hooks.hpp>
#include <corm/orm/transaction.hpp>
#include <corm/query/options.hpp>
#include <corm/query/raw.hpp>
#include <corm/query/record_column.hpp>
#include <corm/query/select.hpp>
#include <corm/type/types.hpp>

namespace corm {

// Mapping
using mapping::assigned;
using mapping::association;
using mapping::cascade_all;
using mapping::cascade_all_delete_orphan;
using mapping::deferrable;
using mapping::define;
using mapping::descending;
using mapping::given;
using mapping::given_columns;
using mapping::json_only;
using mapping::json_without;
using mapping::key;
using mapping::Many;
using mapping::Mapper;
using mapping::One;
using mapping::Record;
using mapping::RelationOptions;
using mapping::table;
using mapping::temporary;
using types::as_json;
using types::as_jsonb;
using types::enum_as_text;
using types::pg_enum;

// Values
using types::Bytes;
using types::Numeric;
using types::Uuid;

// Sessions
using orm::AsyncSession;
using orm::CommitOutcome;
using orm::ConnectHook;
using orm::Edit;
using orm::Engine;
using orm::EngineOptions;
using orm::ExpireOnCommit;
using orm::FlushedObjects;
using orm::Freshness;
using orm::inspect;
using orm::Isolation;
using orm::make_transient;
using orm::make_transient_to_detached;
using orm::MergeOptions;
using orm::NewConnection;
using orm::object_session;
using orm::ObjectState;
using orm::PasswordProvider;
using orm::Ref;
using orm::RowEvent;
using orm::rows_as;
using orm::Savepoint;
using orm::SessionEvent;
using orm::SessionHandle;
using orm::SessionHooks;
using orm::SessionOptions;
using orm::TransactionOptions;
using orm::transient;
using pool::PoolOptions;
using pool::PoolStats;
using pool::SessionReset;
using wire::Transport;

// Queries
using query::asc;
using query::col;
using query::column;
using query::count;
using query::desc;
using query::for_key_share;
using query::for_no_key_update;
using query::for_share;
using query::for_update;
using query::load;
using query::nowait;
using query::populate_existing;
using query::raw_sql;
using query::select;
using query::skip_locked;
using query::unsafe_sql;
using query::within;

} // namespace corm
