#include "catalogue.hpp"

#include <corm/orm/reflection.hpp>

namespace explorer {
namespace {

/// Sets a flag for as long as it lives, however the coroutine ends.
class Flagged {
public:
    explicit Flagged(bool& flag) noexcept : flag_(flag) { flag_ = true; }
    Flagged(const Flagged&) = delete;
    Flagged& operator=(const Flagged&) = delete;
    ~Flagged() { flag_ = false; }

private:
    bool& flag_;
};

} // namespace

/// A number that changes with the rows of the catalogue which describe the tables of users: each DDL statement writes
/// some of them anew. Cheaper than reading them all, and what it misses (a comment on a schema) no page shows.
corm::Task<std::string> Catalogue::signature() const {
    corm::AsyncSession session{engine_, corm::SessionOptions{.autocommit = true}};
    co_return co_await session.one<std::string>(corm::raw_sql(R"(
        WITH relations AS (
            SELECT c.oid, c.xmin FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
                AND n.nspname !~ '^pg_' AND (n.nspname = $1 OR $1 = ''))
        SELECT coalesce(sum(pg_catalog.hashtextextended(part, 0)::numeric), 0)::text FROM (
            SELECT 'c' || oid || ' ' || xmin FROM relations
            UNION ALL SELECT 'a' || attrelid || ' ' || attnum || ' ' || a.xmin
                FROM pg_catalog.pg_attribute a JOIN relations r ON r.oid = attrelid WHERE attnum > 0
            UNION ALL SELECT 'd' || d.oid || ' ' || d.xmin FROM pg_catalog.pg_attrdef d JOIN relations r ON r.oid = adrelid
            UNION ALL SELECT 'k' || k.oid || ' ' || k.xmin
                FROM pg_catalog.pg_constraint k JOIN relations r ON r.oid = conrelid
            UNION ALL SELECT 'i' || indexrelid || ' ' || i.xmin
                FROM pg_catalog.pg_index i JOIN relations r ON r.oid = indrelid
            UNION ALL SELECT 't' || objoid || ' ' || objsubid || ' ' || t.xmin
                FROM pg_catalog.pg_description t JOIN relations r ON r.oid = objoid
            UNION ALL SELECT 'e' || oid || ' ' || xmin FROM pg_catalog.pg_enum) AS parts(part))",
                                                              schema_));
}

corm::Task<std::shared_ptr<const Snapshot>> Catalogue::look() {
    const Flagged looking{looking_};
    // A change in between makes the schema newer than its signature, and is found by the next look.
    std::string found = co_await signature();
    looked_ = std::chrono::steady_clock::now();
    if (known_ != nullptr && found == signature_)
        co_return known_;
    corm::schema::ReflectOptions which;
    if (!schema_.empty())
        which.schemas.push_back(schema_);
    corm::schema::Database database = co_await corm::reflect(engine_, std::move(which));
    known_ = std::make_shared<const Snapshot>(std::move(database), version_column_);
    signature_ = std::move(found);
    ++times_read_;
    co_return known_;
}

corm::Task<std::shared_ptr<const Snapshot>> Catalogue::current() {
    const bool due = std::chrono::steady_clock::now() - looked_ >= every_;
    if (known_ == nullptr || (due && !looking_))
        co_return co_await look();
    co_return known_;
}

} // namespace explorer
