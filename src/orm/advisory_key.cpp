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
    switch (key.kind()) {
    case AdvisoryKey::Kind::number:
        statement.parameters.add(key.number());
        sql += "$1::bigint)";
        break;
    case AdvisoryKey::Kind::pair:
        statement.parameters.add(key.space());
        statement.parameters.add(static_cast<std::int32_t>(key.number()));
        sql += "$1::int, $2::int)";
        break;
    case AdvisoryKey::Kind::text:
        statement.parameters.add(key.text());
        sql += "pg_catalog.hashtextextended($1::text, 0))";
        break;
    }
    statement.sql = std::make_shared<const std::string>(std::move(sql));
    return statement;
}

bool is_granted(const wire::Result& result) {
    const types::FieldView granted = result.field(0, 0);
    return granted.size == 1 && *granted.data != 0;
}

} // namespace corm::orm
