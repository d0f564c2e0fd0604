// Reflected objects other than tables, and what there is to say of tables besides columns.
#include "fixture.hpp"

#include <corm/schema/diagram.hpp>
#include <corm/schema/json.hpp>

#include <boost/json/value.hpp>

#include <algorithm>
#include <regex>

using namespace corm::test;
using Model = corm::schema::Database;
using corm::schema::Attribute;
using corm::schema::CheckConstraint;
using corm::schema::Composite;

using corm::schema::Domain;
using corm::schema::Enum;
using corm::schema::Extension;
using corm::schema::QualifiedName;
using corm::schema::Range;
using corm::schema::Schema;
using corm::schema::Sequence;
using corm::schema::SequenceOptions;
using corm::schema::Table;
using corm::schema::TableKind;
using corm::schema::TypeKind;
using corm::schema::TypeUse;

namespace {

const TypeUse float8{.text = "double precision", .name = {"pg_catalog", "float8"}};
const TypeUse text{.text = "text", .name = {"pg_catalog", "text"}};

} // namespace

TEST_CASE("schemas and extensions are listed", "[schema][integration]") {
    CHECK(every_feature_model().schemas ==
          std::vector<Schema>{{.name = "Odd.Schema"},
                              {.name = "app", .comment = "The shop; it's \"quoted\""},
                              {.name = "audit"},
                              {.name = "public", .comment = "standard public schema"}});
    CHECK(every_feature_model().extensions == std::vector<Extension>{{"btree_gist", "public"}, {"citext", "public"}});
}

TEST_CASE("enums have their labels in order", "[schema][integration]") {
    CHECK(every_feature_model().enums ==
          std::vector<Enum>{{.schema = "app", .name = "Colour", .labels = {"red", "Grün", ""}},
                            {.schema = "app",
                             .name = "mood",
                             .labels = {"sad", "so-so", "ok", "it's \"great\""},
                             .comment = "How a customer feels"},
                            {.schema = "app", .name = "nothing_yet"}});
}

TEST_CASE("domains have type, default, collation and checks", "[schema][integration]") {
    const Model& model = every_feature_model();
    CHECK(*model.find_domain("app", "email") ==
          Domain{.schema = "app",
                 .name = "email",
                 .type = {.text = "public.citext", .name = {"public", "citext"}},
                 .collation = {"pg_catalog", "C"},
                 .checks = {{.name = "email_check", .expression = "(length((VALUE)::text) < 200)"},
                            {.name = "has_at",
                             .expression = "(VALUE OPERATOR(public.~~) '%@%'::public.citext)",
                             .comment = "Rough"}},
                 .comment = "An address"});
    CHECK(*model.find_domain("app", "work_email") ==
          Domain{.schema = "app",
                 .name = "work_email",
                 .type = {.text = "app.email", .name = {"app", "email"}, .kind = TypeKind::domain},
                 .not_null = true,
                 .default_ = "'nobody@example.org'::public.citext"});
    const Domain& percent = *model.find_domain("app", "percent");
    CHECK(percent.type.text == "numeric(5,2)");
    CHECK(percent.type.modifier == (5 << 16 | 2) + 4);
    CHECK(percent.not_null);
    CHECK(percent.default_ == "0");
    CHECK(model.find_domain("app", "tags")->type ==
          TypeUse{.text = "text[]", .name = {"pg_catalog", "text"}, .array = true});
    CHECK(model.find_domain("app", "later")->checks ==
          std::vector<CheckConstraint>{{.name = "small", .expression = "(VALUE < 1000)", .not_valid = true}});
}

TEST_CASE("composite types have their attributes, and tables are none", "[schema][integration]") {
    const TypeUse point3{.text = "app.point3", .name = {"app", "point3"}, .kind = TypeKind::composite};
    CHECK(every_feature_model().composites ==
          std::vector<Composite>{{.schema = "app",
                                  .name = "box3",
                                  .attributes = {{.name = "low", .type = point3},
                                                 {.name = "high", .type = point3},
                                                 {.name = "label", .type = text, .collation = {"pg_catalog", "C"}},
                                                 {.name = "moods",
                                                  .type = {.text = "app.mood[]",
                                                           .name = {"app", "mood"},
                                                           .kind = TypeKind::enumeration,
                                                           .array = true}}}},
                                 {.schema = "app",
                                  .name = "point3",
                                  .attributes = {{.name = "x", .type = float8},
                                                 {.name = "y", .type = float8},
                                                 {.name = "Z", .type = float8, .comment = "Height"}},
                                  .comment = "In space"}});
}

TEST_CASE("ranges have what they are made of", "[schema][integration]") {
    CHECK(every_feature_model().ranges ==
          std::vector<Range>{
              {.schema = "app", .name = "floatrange", .subtype = float8, .multirange = {"app", "floatmultirange"}},
              {.schema = "app",
               .name = "textrange",
               .subtype = text,
               .operator_class = {"pg_catalog", "text_pattern_ops"},
               .collation = {"pg_catalog", "C"},
               .subtype_diff = {"app", "text_difference"},
               .multirange = {"app", "texts"},
               .comment = "Words"}});
}

TEST_CASE("sequences have their options and their owner", "[schema][integration]") {
    const Model& model = every_feature_model();
    CHECK(*model.find_sequence("app", "countdown") == Sequence{.schema = "app",
                                                               .name = "countdown",
                                                               .options = {.type = "smallint",
                                                                           .start = 90,
                                                                           .increment = -3,
                                                                           .minimum = -30,
                                                                           .maximum = 90,
                                                                           .cache = 5,
                                                                           .cycle = true},
                                                               .comment = "Down"});
    CHECK(*model.find_sequence("app", "plain_seq") ==
          Sequence{.schema = "app", .name = "plain_seq", .owner = {"app", "counter"}, .owner_column = "id"});
    const Sequence& serial = *model.find_sequence("app", "customer_serial_no_seq");
    CHECK(serial.options == SequenceOptions{.type = "integer", .maximum = 2'147'483'647});
    CHECK(serial.owner == QualifiedName{"app", "customer"});
    CHECK(serial.owner_column == "serial_no");
    CHECK(model.find_sequence("app", "fast_seq")->unlogged);
    CHECK(model.sequences.size() == 6);
}

TEST_CASE("views have their query and what it reads", "[schema][integration]") {
    const Table& names = table("customer_names");
    CHECK(names.kind == TableKind::view);
    CHECK(names.is_view());
    // Since PostgreSQL 16 columns of a single table go without its name.
    const std::string definition = std::regex_replace(names.definition, std::regex{R"(\bcustomer\.)"}, "");
    CHECK(definition == "SELECT id,\n    name,\n    mood\n   FROM app.customer\n  WHERE (mood <> 'sad'::app.mood)");
    CHECK(names.reads == std::vector<QualifiedName>{{"app", "customer"}});
    CHECK(names.comment == "Names");
    CHECK(names.find_column("name")->comment == "Of the customer");
    CHECK(names.find_column("id")->type.text == "bigint");

    const Table& lengths = table("name_lengths");
    CHECK(lengths.reads == std::vector<QualifiedName>{{"app", "country"}, {"app", "customer_names"}});
    CHECK(lengths.options == std::vector<std::string>{"security_barrier=true"});
    CHECK(table("cheap").options == std::vector<std::string>{"check_option=local"});

    const Table& totals = table("order_totals");
    CHECK(totals.kind == TableKind::materialized_view);
    CHECK(totals.reads == std::vector<QualifiedName>{{"app", "Order"}, {"app", "order_line"}});
    CHECK(totals.comment == "Sums");
}

TEST_CASE("tables tell how they are stored", "[schema][integration]") {
    CHECK(table("customer").options ==
          std::vector<std::string>{"fillfactor=80", "autovacuum_enabled=false", "toast.autovacuum_enabled=false"});
    CHECK(table("country").comment == "Countries, by ISO 3166");
    CHECK(table("log", "audit").unlogged);
    CHECK(table("log", "audit").row_security);
    CHECK_FALSE(table("customer").unlogged);
    CHECK_FALSE(table("customer").row_security);
    const Table& remote = table("remote");
    CHECK(remote.kind == TableKind::foreign_table);
    CHECK(remote.server == "elsewhere");
    CHECK(remote.checks.at(0).name == "remote_name_check");
    CHECK(remote.find_column("id")->not_null);
}

TEST_CASE("everything has its order", "[schema][integration]") {
    const Model& model = every_feature_model();
    Model sorted = model;
    std::reverse(sorted.tables.begin(), sorted.tables.end());
    std::reverse(sorted.sequences.begin(), sorted.sequences.end());
    CHECK_FALSE(sorted == model);
    corm::schema::sort(sorted);
    CHECK(sorted == model);
    CHECK(model.tables.size() >= 30);
    for (const Table& each : model.tables)
        CHECK(model.find_table(each.schema, each.name) == &each);
}

TEST_CASE("a whole catalogue is shown as JSON and as diagrams", "[schema][integration]") {
    const Model& model = every_feature_model();
    const boost::json::value json = corm::schema::to_json(model);
    CHECK(json.at("tables").as_array().size() == model.tables.size());
    for (std::size_t i = 0; i < model.tables.size(); ++i) {
        const boost::json::object& shown = json.at("tables").at(i).as_object();
        CHECK(shown.at("name").as_string() == model.tables[i].name);
        CHECK(shown.contains("columns") == !model.tables[i].columns.empty());
    }
    const auto lines = [](const std::string& text, const std::string& of) {
        std::size_t count = 0;
        for (std::size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + of.size()))
            ++count;
        return count;
    };
    const std::size_t partitions = static_cast<std::size_t>(
        std::count_if(model.tables.begin(), model.tables.end(), [](const Table& each) { return each.is_partition(); }));
    CHECK(lines(corm::schema::to_dot(model), "[label=<<table") == model.tables.size() - partitions);
    CHECK(lines(corm::schema::to_dot(model, {.partitions = true}), "[label=<<table") == model.tables.size());
    // A reference of each partition of "measurement" to "device" beside its parent's.
    CHECK(lines(corm::schema::to_mermaid(model, {.partitions = true}), "--o") ==
          lines(corm::schema::to_mermaid(model), "--o") + 6);
}
