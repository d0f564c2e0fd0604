#include "catalogue.hpp"

#include <corm/orm/reflection.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace explorer {

/// A look under way; those who wait go on when it ends, however it does.
class Catalogue::Looking {
public:
    explicit Looking(Catalogue& catalogue) : catalogue_(catalogue) { catalogue_.looking_ = true; }
    Looking(const Looking&) = delete;
    Looking& operator=(const Looking&) = delete;
    ~Looking() {
        catalogue_.looking_ = false;
        catalogue_.looked_.cancel();
    }

private:
    Catalogue& catalogue_;
};

/// A number that changes with the rows of the catalogue that reflection reads: each DDL statement writes some of them
/// anew. Cheaper than reading them all; objects from 16384 on are those of users.
corm::Task<std::string> Catalogue::signature() const {
    corm::AsyncSession session{engine_, corm::SessionOptions{.autocommit = true}};
    co_return co_await session.one<std::string>(corm::raw_sql(R"(
        WITH schemas AS (
            SELECT n.oid, n.xmin FROM pg_catalog.pg_namespace n
            WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND (n.nspname = $1 OR $1 = '')),
        relations AS (
            SELECT c.oid, c.xmin FROM pg_catalog.pg_class c JOIN schemas s ON s.oid = c.relnamespace)
        SELECT coalesce(sum(pg_catalog.hashtextextended(part, 0)::numeric), 0)::text FROM (
            SELECT 'n' || oid || ' ' || xmin FROM schemas
            UNION ALL SELECT 'c' || oid || ' ' || xmin FROM relations
            UNION ALL SELECT 'a' || attrelid || ' ' || attnum || ' ' || a.xmin
                FROM pg_catalog.pg_attribute a JOIN relations r ON r.oid = attrelid WHERE attnum > 0
            UNION ALL SELECT 'd' || d.oid || ' ' || d.xmin FROM pg_catalog.pg_attrdef d JOIN relations r ON r.oid = adrelid
            UNION ALL SELECT 'i' || indexrelid || ' ' || i.xmin
                FROM pg_catalog.pg_index i JOIN relations r ON r.oid = indrelid
            UNION ALL SELECT 'w' || w.oid || ' ' || w.xmin FROM pg_catalog.pg_rewrite w JOIN relations r ON r.oid = ev_class
            UNION ALL SELECT 'p' || inhrelid || ' ' || inhseqno || ' ' || p.xmin
                FROM pg_catalog.pg_inherits p JOIN relations r ON r.oid = inhrelid
            UNION ALL SELECT 's' || seqrelid || ' ' || s.xmin
                FROM pg_catalog.pg_sequence s JOIN relations r ON r.oid = seqrelid
            UNION ALL SELECT 'k' || oid || ' ' || xmin FROM pg_catalog.pg_constraint WHERE oid >= 16384
            UNION ALL SELECT 't' || y.oid || ' ' || y.xmin FROM pg_catalog.pg_type y
                WHERE y.oid >= 16384 AND y.typnamespace IN (SELECT oid FROM pg_catalog.pg_namespace
                    WHERE nspname !~ '^pg_(temp|toast)')
            UNION ALL SELECT 'e' || oid || ' ' || xmin FROM pg_catalog.pg_enum WHERE oid >= 16384
            UNION ALL SELECT 'r' || rngtypid || ' ' || xmin FROM pg_catalog.pg_range WHERE rngtypid >= 16384
            UNION ALL SELECT 'x' || oid || ' ' || xmin FROM pg_catalog.pg_extension
            UNION ALL SELECT 'o' || objoid || ' ' || objsubid || ' ' || xmin
                FROM pg_catalog.pg_description WHERE objoid >= 16384) AS parts(part))",
                                                              schema_));
}

corm::Task<std::shared_ptr<const Snapshot>> Catalogue::look(Clock::time_point since) {
    while (looking_)
        co_await looked_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (known_ != nullptr && begun_ >= since)
        co_return known_;
    const Looking looking{*this};
    begun_ = Clock::now();
    // A change in between makes the schema newer than its signature, and is found by the next look.
    std::string found = co_await signature();
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
    const auto now = Clock::now();
    if (known_ == nullptr || (now - begun_ >= every_ && !looking_))
        co_return co_await look(now);
    co_return known_;
}

} // namespace explorer
