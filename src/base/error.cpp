#include <corm/base/error.hpp>

namespace corm {
namespace {

std::string_view condition_name(SqlState state) {
    struct Named {
        SqlState state;
        std::string_view name;
    };
    static constexpr Named names[] = {
        {sqlstate::not_null_violation, "not-null violation"},
        {sqlstate::foreign_key_violation, "foreign-key violation"},
        {sqlstate::unique_violation, "unique violation"},
        {sqlstate::check_violation, "check violation"},
        {sqlstate::exclusion_violation, "exclusion violation"},
        {sqlstate::invalid_text_representation, "invalid text representation"},
        {sqlstate::active_sql_transaction, "cannot run inside a transaction"},
        {sqlstate::read_only_transaction, "read-only transaction"},
        {sqlstate::failed_transaction, "transaction is aborted"},
        {sqlstate::serialization_failure, "serialization failure"},
        {sqlstate::deadlock_detected, "deadlock detected"},
        {sqlstate::undefined_table, "undefined table"},
        {sqlstate::undefined_column, "undefined column"},
        {sqlstate::too_many_connections, "too many connections"},
        {sqlstate::lock_not_available, "lock not available"},
        {sqlstate::query_canceled, "query canceled"},
        {sqlstate::admin_shutdown, "terminated by the administrator"},
        {sqlstate::feature_not_supported, "feature not supported"},
    };
    for (const Named& named : names) {
        if (named.state == state)
            return named.name;
    }
    return {};
}

std::string describe(const Diagnostics& d) {
    std::string text = "database error";
    if (!d.sqlstate.empty()) {
        text += ' ';
        text += d.sqlstate.code();
    }
    if (d.stale_plan) {
        text += " (a prepared statement that the server cannot use any more, because its table changed or somebody "
                "dropped it; it is prepared anew, run the transaction again)";
    } else if (std::string_view name = condition_name(d.sqlstate); !name.empty()) {
        text += " (";
        text += name;
        text += ')';
    }
    if (!d.table.empty()) {
        text += " on ";
        if (!d.schema.empty() && d.schema != "public") {
            text += d.schema;
            text += '.';
        }
        text += d.table;
        if (!d.column.empty()) {
            text += '.';
            text += d.column;
        }
    }
    if (!d.constraint.empty()) {
        text += ", constraint ";
        text += d.constraint;
    }
    if (!d.sql.empty()) {
        constexpr std::size_t shown = 200;
        text += ", in: ";
        text += d.sql.substr(0, shown);
        if (d.sql.size() > shown)
            text += "...";
    }
    if (!d.during.empty())
        text += ", while " + d.during;
    text += "; diagnostics() holds the server's own words";
    return text;
}

} // namespace

std::string_view to_string(Phase phase) noexcept {
    switch (phase) {
    case Phase::acquire: return "waiting for a connection of the pool";
    case Phase::connect: return "connecting";
    case Phase::execute: return "executing";
    case Phase::commit: return "committing";
    case Phase::shutdown: return "shutting down";
    }
    return "an operation";
}

DatabaseError::DatabaseError(Diagnostics diagnostics, std::source_location where)
    : Error(describe(diagnostics), where), diagnostics_(std::make_shared<const Diagnostics>(std::move(diagnostics))) {}

std::exception_ptr make_database_error(Diagnostics diagnostics, std::source_location where) {
    if (diagnostics.sqlstate.is_integrity_violation())
        return std::make_exception_ptr(IntegrityError(std::move(diagnostics), where));
    return std::make_exception_ptr(DatabaseError(std::move(diagnostics), where));
}

ConversionError::ConversionError(const ConversionError& inner, std::string_view table, std::string_view column,
                                 std::source_location where)
    : Error(
          [&] {
              std::string text{table};
              if (!table.empty())
                  text += '.';
              text += column;
              text += ": ";
              text += inner.problem();
              return text;
          }(),
          where),
      problem_(inner.problem()), table_(table), column_(column) {}

} // namespace corm
