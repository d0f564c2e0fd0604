// Every name is qualified, although the queries behind the settings run with an empty search path.
//
// Columns that a server may lack are read as in `FROM (SELECT false AS news) older CROSS JOIN LATERAL (SELECT news FROM
// t) t`: the inner `news` is the column of the table if there is one, and the outer default otherwise. So the texts do
// not depend on the version of the server, which would have to be asked for first.
#include "schema/catalog_queries.hpp"

#include <corm/type/types.hpp>

namespace corm::schema {
namespace {

/// An object is no member of an extension.
std::string not_of_extension(const std::string& catalog, const std::string& oid) {
    return "NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog." + catalog +
           "'::pg_catalog.regclass AND e.objid = " + oid + " AND e.objsubid = 0 AND e.deptype = 'e')";
}

std::string description(const std::string& catalog, const std::string& oid, const std::string& part = "0") {
    return " LEFT JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog." + catalog +
           "'::pg_catalog.regclass AND d.objoid = " + oid + " AND d.objsubid = " + part;
}

constexpr const char* not_of_system = "(n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema')";

// $1: all of the database. $2: schemas. $3, $4: schemas and names of tables.
std::string chosen_schemas() {
    return std::string{"chosen AS MATERIALIZED (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE CASE WHEN $1::bool "
                       "THEN "} +
           not_of_system + " ELSE n.nspname = ANY ($2::text[]) END)";
}

// What the first statements have selected, as numbers in settings of the transaction. The planner takes arrays whose
// size it does not know for short ones and goes by the indexes, which is right for one table and good for all.
constexpr const char* relations = "pg_catalog.unnest(pg_catalog.current_setting('corm.relations')::oid[]) r(oid)";
constexpr const char* used_types = "pg_catalog.unnest(pg_catalog.current_setting('corm.types')::oid[]) used(oid)";

// The search path is still that of the program: types are named with their schema as well.
std::string search_path_text() {
    return "SELECT pg_catalog.current_schemas(false)::pg_catalog.text[], pg_catalog.set_config('corm.search_path', "
           "pg_catalog.current_schemas(false)::pg_catalog.text, true)";
}

// Expressions are printed with names as short as the search path allows. Compiling the queries to machine code would
// take longer than running them.
std::string settings_text() {
    return "SELECT pg_catalog.set_config('search_path', '', true), pg_catalog.set_config('jit', 'off', true)";
}

std::string selected_relations_text() {
    return "WITH " + chosen_schemas() + R"(
SELECT pg_catalog.set_config('corm.relations', ARRAY(
  SELECT c.oid FROM pg_catalog.pg_class c JOIN chosen ON chosen.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND )" +
           not_of_extension("pg_class", "c.oid") + R"(
  UNION SELECT found.oid
  FROM ROWS FROM (pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::text[])) wanted(schema, name)
  CROSS JOIN LATERAL (
    SELECT c.oid FROM pg_catalog.unnest(CASE WHEN wanted.schema = ''
        THEN pg_catalog.current_setting('corm.search_path')::text[] ELSE ARRAY[wanted.schema] END)
      WITH ORDINALITY place(schema, at)
    JOIN pg_catalog.pg_namespace n ON n.nspname = place.schema::name
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name::name
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY place.at LIMIT 1) found)::text, true) IS NOT NULL)";
}

/// Types of columns, those of the chosen schemas, and all that they are made of.
std::string selected_types_text() {
    return "WITH RECURSIVE " + chosen_schemas() + R"(, used(oid) AS (
  SELECT a.atttypid FROM )" +
           relations + R"( JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
  WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION SELECT t.oid FROM pg_catalog.pg_type t JOIN chosen ON chosen.oid = t.typnamespace
  WHERE (t.typtype IN ('e', 'd', 'r')
    OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
    AND )" +
           not_of_extension("pg_type", "t.oid") +
           R"(
  UNION SELECT part.oid FROM (SELECT pg_catalog.unnest(ARRAY(
      SELECT t.typelem UNION ALL SELECT t.typbasetype
      UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
      UNION ALL SELECT r.rngtypid FROM (SELECT 0::oid AS rngmultitypid) older
        CROSS JOIN LATERAL (SELECT x.rngtypid, rngmultitypid AS several FROM pg_catalog.pg_range x) r
        WHERE r.several = t.oid AND t.typtype = 'm'))
    FROM used CROSS JOIN LATERAL (SELECT y.* FROM pg_catalog.pg_type y WHERE y.oid = used.oid OFFSET 0) t) part(oid)
  WHERE part.oid <> 0)
SELECT pg_catalog.set_config('corm.types', ARRAY(SELECT used.oid FROM used)::text, true) IS NOT NULL)";
}

std::string schemas_text() {
    return "WITH " + chosen_schemas() +
           "\nSELECT n.nspname, chosen.oid IS NOT NULL, d.description FROM pg_catalog.pg_namespace n "
           "LEFT JOIN chosen ON chosen.oid = n.oid" +
           description("pg_namespace", "n.oid") + " WHERE NOT $1 OR chosen.oid IS NOT NULL AND " +
           not_of_extension("pg_namespace", "n.oid");
}

std::string extensions_text() {
    return "SELECT x.extname, n.nspname FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n "
           "ON n.oid = x.extnamespace WHERE n.nspname <> 'pg_catalog'";
}

std::string types_text() {
    return "WITH " + chosen_schemas() + R"(
SELECT t.oid, n.nspname, t.typname, t.typtype,
  CASE WHEN e.typarray = t.oid THEN e.oid ELSE 0 END,
  t.typtype IN ('e', 'd', 'c', 'r') AND (t.typtype <> 'c' OR c.relkind = 'c') AND (chosen.oid IS NOT NULL OR )" +
           not_of_system + " AND " + not_of_extension("pg_type", "t.oid") + R"(),
  t.typrelid, d.description,
  ARRAY(SELECT l.enumlabel::text FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder),
  COALESCE(r.rngsubtype, t.typbasetype), t.typtypmod,
  pg_catalog.format_type(COALESCE(r.rngsubtype, t.typbasetype), t.typtypmod),
  t.typnotnull, pg_catalog.pg_get_expr(t.typdefaultbin, 0), cn.nspname, co.collname,
  ocn.nspname, oc.opcname, cfn.nspname, cf.proname, dfn.nspname, df.proname, mn.nspname, m.typname
FROM )" + used_types +
           R"( JOIN pg_catalog.pg_type t ON t.oid = used.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN chosen ON chosen.oid = n.oid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
LEFT JOIN LATERAL (SELECT x.* FROM (SELECT 0::oid AS rngmultitypid) older CROSS JOIN LATERAL (
    SELECT y.rngtypid, y.rngsubtype, y.rngcollation, y.rngsubopc, y.rngcanonical, y.rngsubdiff, rngmultitypid AS several
    FROM pg_catalog.pg_range y WHERE y.rngtypid = t.oid) x) r ON true
LEFT JOIN pg_catalog.pg_type b ON b.oid = COALESCE(r.rngsubtype, t.typbasetype)
LEFT JOIN pg_catalog.pg_collation co ON co.oid = COALESCE(r.rngcollation, t.typcollation) AND co.oid <> b.typcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_catalog.pg_opclass oc ON oc.oid = r.rngsubopc AND NOT oc.opcdefault
LEFT JOIN pg_catalog.pg_namespace ocn ON ocn.oid = oc.opcnamespace
LEFT JOIN pg_catalog.pg_proc cf ON cf.oid = r.rngcanonical LEFT JOIN pg_catalog.pg_namespace cfn ON cfn.oid = cf.pronamespace
LEFT JOIN pg_catalog.pg_proc df ON df.oid = r.rngsubdiff LEFT JOIN pg_catalog.pg_namespace dfn ON dfn.oid = df.pronamespace
LEFT JOIN pg_catalog.pg_type m ON m.oid = r.several LEFT JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace)" +
           description("pg_type", "t.oid");
}

std::string relations_text() {
    return R"(SELECT c.oid, n.nspname, c.relname, c.relkind, d.description,
  c.relpersistence = 'u', c.relrowsecurity,
  COALESCE(c.reloptions, '{}') || ARRAY(SELECT 'toast.' || o FROM pg_catalog.pg_class toast,
    pg_catalog.unnest(toast.reloptions) o WHERE toast.oid = c.reltoastrelid),
  CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END, c.relispartition,
  CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
  s.srvname
FROM )" + std::string{relations} +
           R"( JOIN pg_catalog.pg_class c ON c.oid = r.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver)" +
           description("pg_class", "c.oid");
}

std::string links_text() {
    return R"(SELECT r.oid, true, i.inhseqno, n.nspname, c.relname
FROM )" + std::string{relations} +
           R"( JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid
JOIN pg_catalog.pg_class c ON c.oid = i.inhparent JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
UNION SELECT r.oid, false, 0, n.nspname, c.relname
FROM )" + relations +
           R"( JOIN pg_catalog.pg_class v ON v.oid = r.oid AND v.relkind IN ('v', 'm')
JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND x.objid = w.oid
  AND x.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.refobjid <> v.oid
JOIN pg_catalog.pg_class c ON c.oid = x.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 1, 2, 3)";
}

std::string columns_text() {
    return R"(SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,
  pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, x.oid IS NOT NULL,
  pg_catalog.pg_get_expr(x.adbin, x.adrelid), cn.nspname, co.collname,
  CASE WHEN a.attstorage = t.typstorage OR rel.relkind NOT IN ('r', 'p', 'm', 'f') THEN ''
    ELSE CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END END,
  CASE a.compression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE '' END, NOT a.attislocal, d.description
FROM (SELECT r.oid FROM )" +
           std::string{relations} + " UNION ALL SELECT c.oid FROM " + used_types +
           R"( JOIN pg_catalog.pg_type t ON t.oid = used.oid
    JOIN pg_catalog.pg_class c ON c.oid = t.typrelid AND c.relkind = 'c') r
JOIN pg_catalog.pg_class rel ON rel.oid = r.oid
CROSS JOIN LATERAL (SELECT z.* FROM (SELECT ''::"char" AS attcompression) older CROSS JOIN LATERAL (
    SELECT y.attrelid, y.attnum, y.attname, y.atttypid, y.atttypmod, y.attnotnull, y.attidentity, y.attgenerated,
      y.attcollation, y.attstorage, y.attislocal, attcompression AS compression
    FROM pg_catalog.pg_attribute y WHERE y.attrelid = r.oid AND y.attnum > 0 AND NOT y.attisdropped) z) a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation AND co.oid <> t.typcollation
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace)" +
           description("pg_class", "a.attrelid", "a.attnum") + " ORDER BY 1, 2";
}

/// Names of the columns that an array of numbers stands for, in its order.
std::string column_names(const std::string& numbers, const std::string& relation) {
    return "ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(" + numbers +
           ") WITH ORDINALITY k(number, at) JOIN pg_catalog.pg_attribute a ON a.attrelid = " + relation +
           " AND a.attnum = k.number ORDER BY k.at)";
}

// A foreign key to a partitioned table has copies for its partitions, at the same table.
std::string constraints_text() {
    return R"(SELECT c.conrelid, c.contypid, c.conname, c.contype, c.conindid,
  c.condeferrable, c.condeferred, NOT c.convalidated, c.connoinherit, NOT c.conislocal, c.conperiod, c.conenforced,
  )" + column_names("c.conkey", "c.conrelid") +
           ", n.nspname, t.relname, " + column_names("c.confkey", "c.confrelid") + ", c.confupdtype, c.confdeltype, " +
           column_names("c.confdelsetcols", "c.conrelid") + R"(,
  c.confmatchtype = 'f', pg_catalog.pg_get_expr(c.conbin, c.conrelid),
  ARRAY(SELECT p.nspname::text FROM pg_catalog.unnest(c.conexclop) WITH ORDINALITY k(oid, at)
    JOIN pg_catalog.pg_operator o ON o.oid = k.oid JOIN pg_catalog.pg_namespace p ON p.oid = o.oprnamespace ORDER BY k.at),
  ARRAY(SELECT o.oprname::text FROM pg_catalog.unnest(c.conexclop) WITH ORDINALITY k(oid, at)
    JOIN pg_catalog.pg_operator o ON o.oid = k.oid ORDER BY k.at),
  d.description
FROM (SELECT x.oid FROM )" +
           relations + R"( JOIN pg_catalog.pg_constraint x ON x.conrelid = r.oid
  UNION ALL SELECT x.oid FROM )" +
           used_types + R"( JOIN pg_catalog.pg_constraint x ON x.conrelid = 0 AND x.contypid = used.oid) one
CROSS JOIN LATERAL (SELECT z.* FROM (SELECT NULL::int2[] AS confdelsetcols, false AS conperiod, true AS conenforced) older
  CROSS JOIN LATERAL (SELECT y.oid, y.conrelid, y.contypid, y.conname, y.contype, y.conindid, y.condeferrable,
      y.condeferred, y.convalidated, y.connoinherit, y.conislocal, y.conparentid, y.conkey, y.confrelid, y.confkey,
      y.confupdtype, y.confdeltype, y.confmatchtype, y.conbin, y.conexclop, confdelsetcols, conperiod, conenforced
    FROM pg_catalog.pg_constraint y WHERE y.oid = one.oid) z OFFSET 0) c
LEFT JOIN pg_catalog.pg_class t ON t.oid = c.confrelid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace)" +
           description("pg_constraint", "c.oid") + R"(
WHERE c.contype IN ('p', 'u', 'f', 'c', 'x') AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p
  WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid))";
}

// What CREATE INDEX CONCURRENTLY left behind when it failed is no index.
std::string indexes_text() {
    return R"(SELECT i.indexrelid, i.indrelid, c.relname, am.amname, i.indisunique, i.apart, i.indpred IS NOT NULL,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid), COALESCE(c.reloptions, '{}'), c.relkind = 'I' AND NOT i.indisvalid,
  c.relispartition, d.description
FROM )" + std::string{relations} +
           R"( CROSS JOIN LATERAL (SELECT z.* FROM (SELECT false AS indnullsnotdistinct) older CROSS JOIN LATERAL (
    SELECT y.indexrelid, y.indrelid, y.indisunique, y.indisvalid, y.indpred, NOT indnullsnotdistinct AS apart
    FROM pg_catalog.pg_index y WHERE y.indrelid = r.oid AND y.indislive) z) i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am am ON am.oid = c.relam)" +
           description("pg_class", "c.oid") + " WHERE i.indisvalid OR c.relkind = 'I'";
}

// The operator class is the default one if it says so, and if no other does that is made for the very type: citext has
// one of its own and could use that of text. One with options is told anyway, since SQL cannot give them without it.
// What collation an expression has is not in the catalogue: that of the index's own column is taken for it, and the
// default one (100) where the index keeps something without one.
std::string index_terms_text() {
    return R"(SELECT i.indexrelid, term.n, term.n <= i.indnkeyatts, a.attname,
  CASE WHEN a.attname IS NULL THEN pg_catalog.pg_get_indexdef(i.indexrelid, term.n, false) END,
  cn.nspname, co.collname, on_.nspname, o.opcname, s.attoptions,
  term.n <= i.indnkeyatts AND i.indoption[term.n - 1] & 1 <> 0,
  term.n <= i.indnkeyatts AND i.indoption[term.n - 1] & 2 <> 0
FROM )" + std::string{relations} +
           R"( JOIN pg_catalog.pg_index i ON i.indrelid = r.oid AND i.indislive
CROSS JOIN LATERAL pg_catalog.generate_series(1, i.indnatts) term(n)
JOIN pg_catalog.pg_attribute s ON s.attrelid = i.indexrelid AND s.attnum = term.n
JOIN pg_catalog.pg_type st ON st.oid = s.atttypid
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[term.n - 1]
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation co ON term.n <= i.indnkeyatts AND co.oid = i.indcollation[term.n - 1]
  AND co.oid <> COALESCE(a.attcollation, NULLIF(st.typcollation, 0), 100)
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_catalog.pg_opclass o ON term.n <= i.indnkeyatts AND o.oid = i.indclass[term.n - 1]
  AND NOT (o.opcdefault AND s.attoptions IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_opclass x
    WHERE x.opcmethod = o.opcmethod AND x.opcdefault AND x.oid <> o.oid AND x.opcintype = COALESCE(NULLIF(t.typbasetype, 0), t.oid)))
LEFT JOIN pg_catalog.pg_namespace on_ ON on_.oid = o.opcnamespace
ORDER BY 1, 2)";
}

std::string sequences_text() {
    return "WITH " + chosen_schemas() + R"(, wanted AS (SELECT c.oid FROM pg_catalog.pg_class c
  JOIN chosen ON chosen.oid = c.relnamespace WHERE c.relkind = 'S' AND )" +
           not_of_extension("pg_class", "c.oid") + R"(
  UNION SELECT x.objid FROM )" +
           relations + R"( JOIN pg_catalog.pg_depend x
    ON x.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.refobjid = r.oid
    AND x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.deptype IN ('a', 'i')
  UNION SELECT x.refobjid FROM )" +
           relations + R"( JOIN pg_catalog.pg_attrdef v ON v.adrelid = r.oid JOIN pg_catalog.pg_depend x
    ON x.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND x.objid = v.oid
    AND x.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.refobjid <> r.oid)
SELECT n.nspname, c.relname, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
  s.seqcache, s.seqcycle, c.relpersistence = 'u', owner.deptype = 'i', t.oid, tn.nspname, t.relname, a.attname, d.description
FROM wanted JOIN pg_catalog.pg_sequence s ON s.seqrelid = wanted.oid JOIN pg_catalog.pg_class c ON c.oid = wanted.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend owner ON owner.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND owner.objid = c.oid AND owner.objsubid = 0 AND owner.deptype IN ('a', 'i')
  AND owner.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
LEFT JOIN pg_catalog.pg_class t ON t.oid = owner.refobjid LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = owner.refobjid AND a.attnum = owner.refobjsubid)" +
           description("pg_class", "c.oid");
}

} // namespace

std::vector<CatalogQuery> catalog_queries(const ReflectOptions& options) {
    using Text = std::string (*)();
    static constexpr Text texts[] = {
        &search_path_text, &settings_text, &selected_relations_text, &selected_types_text, &schemas_text,
        &extensions_text,  &types_text,    &relations_text,          &links_text,          &columns_text,
        &constraints_text, &indexes_text,  &index_terms_text,        &sequences_text};
    static_assert(std::size(texts) == catalog_parts);
    static const std::vector<std::shared_ptr<const std::string>> made = [] {
        std::vector<std::shared_ptr<const std::string>> list;
        for (const Text text : texts)
            list.push_back(std::make_shared<const std::string>(text()));
        return list;
    }();
    types::Parameters parameters;
    parameters.add(options.schemas.empty() && options.tables.empty());
    std::vector<std::string> schemas, names;
    for (const QualifiedName& table : options.tables) {
        schemas.push_back(table.schema);
        names.push_back(table.name);
    }
    parameters.add(options.schemas);
    parameters.add(schemas);
    parameters.add(names);
    std::vector<CatalogQuery> queries;
    for (std::size_t i = 0; i < made.size(); ++i)
        queries.push_back({made[i], parameters});
    return queries;
}

} // namespace corm::schema
