// Indexes, partitions and inheritance of reflected tables.
#include "fixture.hpp"

using namespace corm::test;
using corm::schema::Index;
using corm::schema::IndexTerm;
using corm::schema::NullsOrder;
using corm::schema::QualifiedName;
using corm::schema::Table;
using corm::schema::TableKind;

namespace {

const Index& article_index(const std::string& name) {
    return named(table("article").indexes, name);
}

} // namespace

TEST_CASE("a plain index equals what one writes by hand", "[schema][integration]") {
    CHECK(article_index("article_title") ==
          Index{.name = "article_title", .terms = {{.column = "title"}}, .comment = "For lists"});
}

TEST_CASE("unique indexes may have expressions and a predicate", "[schema][integration]") {
    CHECK(article_index("article_slug") == Index{.name = "article_slug",
                                                 .unique = true,
                                                 .terms = {{.expression = "lower(slug)"}},
                                                 .predicate = "(published IS NOT NULL)"});
    CHECK(article_index("article_null") == Index{.name = "article_null",
                                                 .unique = true,
                                                 .terms = {{.column = "kind"}, {.column = "published"}},
                                                 .nulls_not_distinct = true});
}

TEST_CASE("terms of an index tell their order", "[schema][integration]") {
    CHECK(article_index("article_order").terms ==
          std::vector<IndexTerm>{{.column = "published", .descending = true},
                                 {.column = "title", .nulls = NullsOrder::reversed},
                                 {.column = "kind", .descending = true, .nulls = NullsOrder::reversed}});
}

TEST_CASE("terms of an index tell collations and operator classes that are not the default", "[schema][integration]") {
    CHECK(article_index("article_pattern").terms ==
          std::vector<IndexTerm>{{.column = "title", .operator_class = {"pg_catalog", "text_pattern_ops"}},
                                 {.column = "slug", .collation = {"pg_catalog", "C"}}});
    CHECK(article_index("article_author_text").terms ==
          std::vector<IndexTerm>{
              {.expression = "((author)::text)", .operator_class = {"pg_catalog", "text_pattern_ops"}}});
    // The default of text, on a type with one of its own.
    CHECK(article_index("article_author_as_text").terms.at(0).operator_class ==
          QualifiedName{"pg_catalog", "text_ops"});
    CHECK(article_index("article_words").terms ==
          std::vector<IndexTerm>{{.expression = "to_tsvector('english'::regconfig, body)",
                                  .operator_class = {"pg_catalog", "tsvector_ops"},
                                  .operator_class_options = {"siglen=100"}}});
    CHECK(article_index("article_expression").terms ==
          std::vector<IndexTerm>{{.expression = "((published + 1))"},
                                 {.expression = "((title || slug))", .collation = {"pg_catalog", "C"}}});
}

TEST_CASE("an index that keeps another type than it is given tells no collation", "[schema][integration]") {
    CHECK(article_index("article_place_and_title").terms ==
          std::vector<IndexTerm>{{.column = "place"}, {.expression = "lower(title)"}, {.column = "slug"}});
}

TEST_CASE("indexes tell their method, what they carry and how they are stored", "[schema][integration]") {
    CHECK(article_index("article_cover") == Index{.name = "article_cover",
                                                  .terms = {{.column = "kind"}},
                                                  .include = {"title", "published"},
                                                  .options = {"fillfactor=60"}});
    CHECK(article_index("article_data") ==
          Index{.name = "article_data",
                .method = "gin",
                .terms = {{.column = "data", .operator_class = {"pg_catalog", "jsonb_path_ops"}}},
                .options = {"fastupdate=off"}});
    CHECK(article_index("article_brin").options == std::vector<std::string>{"pages_per_range=32"});
    CHECK(article_index("article_hash").method == "hash");
    CHECK(article_index("article_place").method == "gist");
    CHECK(table("order_totals").indexes.at(0) ==
          Index{.name = "order_totals_id", .unique = true, .terms = {{.column = "id"}}});
    CHECK(table("Tab.le \"q\"", "Odd.Schema").indexes.at(0).terms ==
          std::vector<IndexTerm>{{.column = "select"}, {.expression = "((lower(\"select\") || \"ÄÖ\"))"}});
}

TEST_CASE("partitioned tables and their partitions", "[schema][integration]") {
    const Table& whole = table("measurement");
    CHECK(whole.kind == TableKind::partitioned_table);
    CHECK(whole.partition_key == "RANGE (taken)");
    CHECK_FALSE(whole.is_partition());
    CHECK(whole.parents.empty());

    const Table& year = table("measurement_2025");
    CHECK(year.kind == TableKind::table);
    CHECK(year.is_partition());
    CHECK(year.partition_bound == "FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')");
    CHECK(year.parents == std::vector<QualifiedName>{{"app", "measurement"}});
    CHECK(year.find_column("taken")->inherited);

    const Table& both = table("measurement_2026");
    CHECK(both.kind == TableKind::partitioned_table);
    CHECK(both.partition_bound == "FOR VALUES FROM ('2026-01-01') TO (MAXVALUE)");
    CHECK(table("measurement_2026_late").find_column("value")->default_ == "7");
    CHECK(table("measurement_rest").partition_bound == "DEFAULT");
    CHECK(table("device_1").partition_bound == "FOR VALUES WITH (modulus 2, remainder 1)");
    CHECK(table("event", "audit").partition_key == "LIST (lower(kind))");
    CHECK(table("event_login", "audit").partition_bound == "FOR VALUES IN ('login', NULL)");
}

TEST_CASE("keys and indexes of partitions say where they come from", "[schema][integration]") {
    CHECK_FALSE(table("measurement").primary_key->inherited);
    CHECK(table("measurement_2025").primary_key->inherited);
    CHECK(table("measurement_2025").unique.at(0).inherited);
    CHECK_FALSE(named(table("measurement").indexes, "measurement_value").inherited);
    CHECK(named(table("measurement_2025").indexes, "measurement_2025_value_idx").inherited);

    // One that was made by itself and attached: it keeps its names.
    const Table& attached = table("measurement_2024");
    CHECK(attached.primary_key->name == "own_key");
    CHECK(attached.primary_key->inherited);
    CHECK(named(attached.indexes, "own_index").inherited);
    CHECK(attached.columns[0].name == "value");
    CHECK(attached.columns[0].inherited); // in an order of its own
}

TEST_CASE("an index of the partitioned table alone says so", "[schema][integration]") {
    CHECK(named(table("measurement").indexes, "measurement_lone").only);
    CHECK_FALSE(named(table("measurement").indexes, "measurement_value").only);
    CHECK_FALSE(named(table("measurement").indexes, "measurement_only").only); // each partition got one since
}

TEST_CASE("inherited tables have their parents in order", "[schema][integration]") {
    CHECK(table("flying_car").parents == std::vector<QualifiedName>{{"app", "car"}, {"app", "flying"}});
    CHECK_FALSE(table("flying_car").is_partition());
    CHECK(column("flying_car", "altitude").inherited);
    CHECK_FALSE(column("flying_car", "colour").inherited);
    CHECK(column("car", "wheels").default_ == "3");
    CHECK_FALSE(column("car", "wheels").inherited); // given again
    CHECK(column("car", "id").inherited);
}
