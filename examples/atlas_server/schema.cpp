#include "schema.hpp"

namespace atlas {

corm::Task<> create_schema(const corm::AsyncSession& session) {
    using corm::raw_sql;
    co_await session.execute(raw_sql("DROP SCHEMA IF EXISTS corm_atlas CASCADE"));
    co_await session.pipeline(
        raw_sql("CREATE SCHEMA corm_atlas"),
        raw_sql("CREATE TYPE corm_atlas.language_scope AS ENUM ('individual', 'macrolanguage', 'special')"),
        raw_sql("CREATE TYPE corm_atlas.language_kind AS ENUM"
                " ('ancient', 'constructed', 'extinct', 'historical', 'living', 'special')"));
    co_await session.pipeline(
        raw_sql("CREATE TABLE corm_atlas.countries ("
                " alpha_2 text PRIMARY KEY CHECK (alpha_2 ~ '^[A-Z]{2}$'),"
                " alpha_3 text NOT NULL CONSTRAINT countries_alpha_3_key UNIQUE"
                "  CONSTRAINT countries_alpha_3_check CHECK (alpha_3 ~ '^[A-Z]{3}$'),"
                " numeric text NOT NULL UNIQUE CHECK (numeric ~ '^[0-9]{3}$'),"
                " name text NOT NULL CONSTRAINT countries_name_check CHECK (name <> ''),"
                " official_name text, common_name text, flag text NOT NULL, version int NOT NULL)"
                // Room on each page for new versions of its rows: updates stay off the indexes.
                " WITH (fillfactor = 60)"),
        raw_sql("CREATE TABLE corm_atlas.subdivisions ("
                " code text PRIMARY KEY, country text NOT NULL REFERENCES corm_atlas.countries,"
                " name text NOT NULL CHECK (name <> ''), type text NOT NULL,"
                " parent text CONSTRAINT subdivisions_parent_fkey REFERENCES corm_atlas.subdivisions"
                "  CONSTRAINT subdivisions_parent_check CHECK (parent <> code),"
                " version int NOT NULL) WITH (fillfactor = 80)"),
        raw_sql("CREATE TABLE corm_atlas.languages (alpha_3 text PRIMARY KEY, alpha_2 text UNIQUE, name text NOT NULL,"
                " scope corm_atlas.language_scope NOT NULL, kind corm_atlas.language_kind NOT NULL)"),
        raw_sql("CREATE TABLE corm_atlas.currencies (alpha_3 text PRIMARY KEY, numeric text NOT NULL UNIQUE,"
                " name text NOT NULL)"));
    co_await session.execute(raw_sql("CREATE INDEX ON corm_atlas.subdivisions (country, code)"));
}

} // namespace atlas
