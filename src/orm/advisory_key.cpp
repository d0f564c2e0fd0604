#include "orm/advisory_statement.hpp"

#include <corm/type/types.hpp>

#include <string>

namespace corm::orm {
namespace {

std::string function(AdvisoryCall call) {
    switch (call) {
    case AdvisoryCall::lock: return "pg_advisory_lock";
    case AdvisoryCall::try_lock: return "pg_try_advisory_lock";
    case AdvisoryCall::unlock: return "pg_advisory_unlock";
    case AdvisoryCall::transaction_lock: return "pg_advisory_xact_lock";
    case AdvisoryCall::transaction_try_lock: return "pg_try_advisory_xact_lock";
    }
    return {};
}

} // namespace

wire::Statement advisory_statement(AdvisoryCall call, const AdvisoryKey& key, LockShare share) {
    wire::Statement statement;
    std::string sql = "SELECT pg_catalog." + function(call) + (share == LockShare::shared ? "_shared(" : "(");
    if (const auto* number = std::get_if<std::int64_t>(&key.value())) {
        statement.parameters.add(*number);
        sql += "$1::bigint)";
    } else if (const auto* pair = std::get_if<std::pair<std::int32_t, std::int32_t>>(&key.value())) {
        statement.parameters.add(pair->first);
        statement.parameters.add(pair->second);
        sql += "$1::int, $2::int)";
    } else {
        statement.parameters.add(std::get<std::string>(key.value()));
        sql += "pg_catalog.hashtextextended($1::text, 0))";
    }
    statement.sql = std::make_shared<const std::string>(std::move(sql));
    return statement;
}

bool is_granted(const wire::Result& result) {
    const types::FieldView granted = result.field(0, 0);
    return granted.size == 1 && *granted.data != 0;
}

} // namespace corm::orm
