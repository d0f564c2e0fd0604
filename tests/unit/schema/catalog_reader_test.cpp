// The results of the catalogue queries, as a server gives them, read into a model.
#include "schema/catalog_reader.hpp"

#include "support/encoded_rows.hpp"

#include <corm/type/types.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace corm::schema;
using corm::test::EncodedRows;

namespace {

using Number = std::int64_t;
using Texts = std::vector<std::string>;
const std::optional<std::string> null;

/// The results of all queries, most of them empty.
class Catalog {
public:
    template <class... Values>
    Catalog& row(CatalogPart part, const Values&... values) {
        std::unique_ptr<EncodedRows>& rows = results_[static_cast<std::size_t>(part)];
        if (!rows)
            rows = std::make_unique<EncodedRows>(
                std::vector<std::pair<std::string, corm::types::Oid>>{{"", corm::types::value_type<Values>.oid}...});
        rows->row(values...);
        return *this;
    }

    Catalog& type(Number number, const std::string& schema, const std::string& name, const std::string& kind = "b",
                  Number element = 0, bool own = false, Number relation = 0, Number below = 0,
                  const std::optional<std::string>& below_text = null) {
        return row(CatalogPart::types, number, schema, name, kind, element, own, relation, null, Texts{"a", "b"}, below,
                   std::int32_t{-1}, below_text, false, null, null, null, null, null, null, null, null, null, null,
                   null);
    }
    Catalog& relation(Number number, const std::string& name, const std::string& kind = "r",
                      const std::optional<std::string>& partition_key = null,
                      const std::optional<std::string>& definition = null, bool is_partition = false) {
        return row(CatalogPart::relations, number, std::string{"s"}, name, kind, null, false, false, Texts{},
                   partition_key, is_partition, null, definition, null);
    }
    Catalog& column(Number table, const std::string& name, Number type, const std::string& generated = "",
                    const std::optional<std::string>& expression = null, bool is_given = false,
                    const std::string& text = "text") {
        return row(CatalogPart::columns, table, std::int16_t{1}, name, type, std::int32_t{-1}, text, false,
                   std::string{}, generated, is_given || expression.has_value(), expression, null, null, std::string{},
                   std::string{}, false, null);
    }
    Catalog& index(Number number, Number table, const std::string& name, bool is_partial = false) {
        return row(CatalogPart::indexes, number, table, name, std::string{"btree"}, false, true, is_partial, null,
                   Texts{}, false, false, null);
    }
    Catalog& term(Number index, int place, bool is_key, const std::optional<std::string>& column,
                  const std::optional<std::string>& expression = null, bool descending = false,
                  bool nulls_first = false) {
        return row(CatalogPart::index_terms, index, std::int32_t{place}, is_key, column, expression, null, null, null,
                   null, std::optional<Texts>{}, descending, nulls_first);
    }
    Catalog& constraint(Number table, Number domain, const std::string& name, const std::string& kind, Number index,
                        const std::optional<std::string>& expression, const Texts& columns = {},
                        const Texts& operators = {}) {
        return row(CatalogPart::constraints, table, domain, name, kind, index, false, false, false, false, false, false,
                   true, columns, null, null, Texts{}, std::string{" "}, std::string{" "}, Texts{}, false, expression,
                   Texts(operators.size(), "pg_catalog"), operators, null);
    }

    [[nodiscard]] Database read() const {
        const EncodedRows none{{}};
        std::vector<const corm::types::Rows*> rows;
        for (const auto& result : results_)
            rows.push_back(result ? result.get() : &none);
        return read_catalog(rows);
    }

private:
    std::array<std::unique_ptr<EncodedRows>, catalog_parts> results_;
};

std::string changed(const Catalog& catalog) {
    try {
        static_cast<void>(catalog.read());
    } catch (const CatalogChanged& error) {
        return error.what();
    }
    return "no complaint";
}

std::string complaint(const std::string& about) {
    return "the catalogue changed while it was read: " + about +
           " is not complete; reflect again when nobody changes the schema";
}

} // namespace

TEST_CASE("results without rows are an empty database", "[schema][unit]") {
    CHECK(Catalog{}.read() == Database{});
}

TEST_CASE("the model is sorted, whatever order rows come in", "[schema][unit]") {
    const Database database = Catalog{}.relation(7, "z").relation(8, "a").read();
    REQUIRE(database.tables.size() == 2);
    CHECK(database.tables[0].name == "a");
    CHECK(database.find_table("s", "z") == &database.tables[1]);
}

TEST_CASE("columns find their table and their type", "[schema][unit]") {
    Catalog catalog;
    catalog.type(25, "pg_catalog", "text").type(1009, "pg_catalog", "_text", "b", 25).relation(7, "t");
    const Database database = catalog.column(7, "one", 25).column(7, "many", 1009).read();
    REQUIRE(database.tables.at(0).columns.size() == 2);
    CHECK(database.tables[0].columns[0].type.name == QualifiedName{"pg_catalog", "text"});
    CHECK_FALSE(database.tables[0].columns[0].type.array);
    CHECK(database.tables[0].columns[1].type.name == QualifiedName{"pg_catalog", "text"});
    CHECK(database.tables[0].columns[1].type.array);
}

TEST_CASE("types of others are known and not listed", "[schema][unit]") {
    const Database database = Catalog{}
                                  .type(1, "public", "mine", "e", 0, true)
                                  .type(2, "ext", "theirs", "e")
                                  .type(3, "ext", "pair", "c", 0, false, 30)
                                  .relation(7, "t")
                                  .column(7, "x", 2)
                                  .column(30, "attribute of a stranger", 2)
                                  .read();
    REQUIRE(database.enums.size() == 1);
    CHECK(database.enums[0].name == "mine");
    CHECK(database.enums[0].labels == Texts{"a", "b"});
    CHECK(database.composites.empty());
    CHECK(database.tables.at(0).columns.at(0).type.kind == TypeKind::enumeration);
    CHECK(database.tables[0].columns.size() == 1);
}

TEST_CASE("a domain may come ahead of what it is over", "[schema][unit]") {
    const std::string text = "s.under";
    const Database database = Catalog{}
                                  .type(2, "s", "over", "d", 0, true, 0, 1, text)
                                  .type(1, "s", "under", "d", 0, true, 0, 25, std::string{"text"})
                                  .type(25, "pg_catalog", "text")
                                  .read();
    REQUIRE(database.domains.size() == 2);
    CHECK(database.base_type(database.find_domain("s", "over")->type).text == "text");
}

TEST_CASE("virtual and stored values are generated, defaults are not", "[schema][unit]") {
    Catalog catalog;
    catalog.type(25, "pg_catalog", "text").relation(7, "t");
    const std::string one = "1";
    const Database database =
        catalog.column(7, "d", 25, "", one).column(7, "s", 25, "s", one).column(7, "v", 25, "v", one).read();
    const std::vector<Column>& columns = database.tables.at(0).columns;
    CHECK(columns[0].default_ == "1");
    CHECK(columns[0].generated.empty());
    CHECK(columns[1].generated == "1");
    CHECK(columns[1].default_.empty());
    CHECK_FALSE(columns[1].generated_virtual);
    CHECK(columns[2].generated_virtual);
}

TEST_CASE("an index goes to its constraint, or to its table", "[schema][unit]") {
    const Database database = Catalog{}
                                  .relation(7, "t")
                                  .index(70, 7, "t_pkey")
                                  .index(71, 7, "other")
                                  .term(70, 1, true, std::string{"id"})
                                  .term(70, 2, false, std::string{"more"})
                                  .term(71, 1, true, std::string{"x"}, null, true, false)
                                  .term(72, 1, true, std::string{"of an index that is not valid"})
                                  .constraint(7, 0, "t_pkey", "p", 70, null, {"id"})
                                  .read();
    const Table& table = database.tables.at(0);
    CHECK(table.primary_key == KeyConstraint{.name = "t_pkey", .columns = {"id"}, .include = {"more"}});
    REQUIRE(table.indexes.size() == 1);
    CHECK(table.indexes[0].terms ==
          std::vector<IndexTerm>{{.column = "x", .descending = true, .nulls = NullsOrder::reversed}});
}

TEST_CASE("definitions of views lose their ends", "[schema][unit]") {
    const auto definition = [](const std::string& printed) {
        return Catalog{}.relation(7, "v", "v", null, printed).read().tables.at(0).definition;
    };
    CHECK(definition(" SELECT 1;") == "SELECT 1");
    CHECK(definition("SELECT ';' AS x\n;\n") == "SELECT ';' AS x");
}

TEST_CASE("schemas that were not asked for are there for what is in them", "[schema][unit]") {
    const Database database = Catalog{}
                                  .relation(7, "t")
                                  .row(CatalogPart::schemas, std::string{"s"}, false, null)
                                  .row(CatalogPart::schemas, std::string{"asked"}, true, std::string{"c"})
                                  .row(CatalogPart::schemas, std::string{"other"}, false, null)
                                  .read();
    CHECK(database.schemas == std::vector<Schema>{{"asked", "c"}, {"s", ""}});
}

TEST_CASE("what the server could not print any more is noticed", "[schema][unit]") {
    const auto with = [] {
        Catalog catalog;
        catalog.type(25, "pg_catalog", "text").relation(7, "t");
        return catalog;
    };
    CHECK(changed(Catalog{}.relation(7, "v", "v")) == complaint("the query of v"));
    CHECK(changed(Catalog{}.relation(7, "p", "p")) == complaint("the partition key of p"));
    CHECK(changed(with().column(7, "x", 99)) == complaint("type text"));
    CHECK(changed(with().column(7, "x", 25, "", null, false, "???")) == complaint("type ???"));
    CHECK(changed(with().column(7, "x", 25, "", null, true)) == complaint("the default of x"));
    CHECK(changed(with().column(7, "x", 25, "s", null, true)) == complaint("the default of x"));
    CHECK(changed(with().index(70, 7, "i", true)) == complaint("the predicate of i"));
    CHECK(changed(Catalog{}.relation(7, "part", "r", null, null, true)) == complaint("the bound of part"));
    CHECK(changed(with().constraint(7, 0, "c", "c", 0, null)) == complaint("the condition of c"));
    CHECK(changed(with().constraint(7, 0, "k", "u", 99, null)) == complaint("the index of k"));
    CHECK(changed(with().index(70, 7, "i").term(70, 1, true, null)) == complaint("an expression of i"));
    CHECK(changed(with()
                      .index(70, 7, "i")
                      .term(70, 1, true, std::string{"x"})
                      .constraint(7, 0, "e", "x", 70, null, {"x"}, {})) == complaint("the operators of e"));
    CHECK(changed(Catalog{}.type(1, "s", "d", "d", 0, true, 0, 99, std::string{"gone"})) == complaint("type gone"));
    CHECK(changed(Catalog{}.type(1, "s", "_a", "b", 99).relation(7, "t").column(7, "x", 1)) == complaint("type text"));
    CHECK(changed(with()) == "no complaint");
}

TEST_CASE("checks of domains of others are left out", "[schema][unit]") {
    const std::string text = "text", condition = "(VALUE > 0)";
    const Database database = Catalog{}
                                  .type(25, "pg_catalog", "text")
                                  .type(1, "s", "mine", "d", 0, true, 0, 25, text)
                                  .type(2, "ext", "theirs", "d", 0, false, 0, 25, text)
                                  .constraint(0, 1, "a", "c", 0, condition)
                                  .constraint(0, 2, "b", "c", 0, condition)
                                  .read();
    REQUIRE(database.domains.size() == 1);
    CHECK(database.domains[0].checks == std::vector<CheckConstraint>{{.name = "a", .expression = condition}});
}
