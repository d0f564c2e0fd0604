// Columns of reflected tables.
#include "fixture.hpp"

using namespace corm::test;
using corm::schema::Column;
using corm::schema::IdentityKind;
using corm::schema::QualifiedName;
using corm::schema::SequenceOptions;
using corm::schema::TypeKind;
using corm::schema::TypeUse;

namespace {

TypeUse system_type(std::string text, std::string name, std::int32_t modifier = -1) {
    return {.text = std::move(text), .name = {"pg_catalog", std::move(name)}, .modifier = modifier};
}

} // namespace

TEST_CASE("types have the text of SQL and the name of the catalogue", "[schema][integration]") {
    CHECK(column("customer", "id").type == system_type("bigint", "int8"));
    CHECK(column("customer", "country").type == system_type("character(2)", "bpchar", 6));
    CHECK(column("customer", "joined").type == system_type("timestamp(3) with time zone", "timestamptz", 3));
    CHECK(column("customer", "wakes").type == system_type("time(0) with time zone", "timetz", 0));
    CHECK(column("customer", "break").type.text == "interval minute to second(2)");
    CHECK(column("customer", "balance").type == system_type("numeric(12,2)", "numeric", (12 << 16 | 2) + 4));
    CHECK(column("customer", "negative_scale").type.text == "numeric(4,-2)");
    CHECK(column("customer", "any_number").type == system_type("numeric", "numeric"));
    CHECK(column("customer", "bits").type == system_type("bit(8)", "bit", 8));
    CHECK(column("customer", "letter").type == system_type("\"char\"", "char"));
    CHECK(column("customer", "nickname").type == system_type("name", "name"));
    CHECK(column("product", "location").type == system_type("point", "point"));
    CHECK(column("product", "search").type == system_type("tsvector", "tsvector"));
    CHECK(column("article", "author").type ==
          TypeUse{.text = "public.citext", .name = {"public", "citext"}, .kind = TypeKind::base});
}

TEST_CASE("arrays name the type of their elements", "[schema][integration]") {
    CHECK(column("article", "tags").type == TypeUse{.text = "text[]", .name = {"pg_catalog", "text"}, .array = true});
    CHECK(column("customer", "matrix").type ==
          TypeUse{.text = "integer[]", .name = {"pg_catalog", "int4"}, .array = true});
    CHECK(column("customer", "colours").type ==
          TypeUse{.text = "app.\"Colour\"[]", .name = {"app", "Colour"}, .kind = TypeKind::enumeration, .array = true});
    CHECK(column("customer", "places").type ==
          TypeUse{.text = "app.point3[]", .name = {"app", "point3"}, .kind = TypeKind::composite, .array = true});
}

TEST_CASE("types of the database tell their kind", "[schema][integration]") {
    CHECK(column("customer", "mood").type ==
          TypeUse{.text = "app.mood", .name = {"app", "mood"}, .kind = TypeKind::enumeration});
    CHECK(column("customer", "mail").type ==
          TypeUse{.text = "app.email", .name = {"app", "email"}, .kind = TypeKind::domain});
    CHECK(column("customer", "place").type.kind == TypeKind::composite);
    CHECK(column("customer", "span").type ==
          TypeUse{.text = "int4range", .name = {"pg_catalog", "int4range"}, .kind = TypeKind::range});
    CHECK(column("customer", "spans").type.kind == TypeKind::multirange);
    CHECK(column("customer", "words").type.kind == TypeKind::range);
    CHECK(column("customer", "many_words").type ==
          TypeUse{.text = "app.texts", .name = {"app", "texts"}, .kind = TypeKind::multirange});
}

TEST_CASE("the type below a domain is found through the model", "[schema][integration]") {
    const corm::schema::Database& model = every_feature_model();
    CHECK(model.base_type(column("customer", "work_mail").type).text == "public.citext");
    CHECK(model.base_type(column("customer", "discount").type).text == "numeric(5,2)");
    CHECK(model.base_type(column("customer", "labels").type).text == "text[]");
    CHECK(model.base_type(column("customer", "name").type).text == "text");
}

TEST_CASE("columns keep the order of the table, without those that were dropped", "[schema][integration]") {
    std::vector<std::string> names;
    for (const Column& each : table("customer").columns)
        names.push_back(each.name);
    REQUIRE(names.size() == 38);
    CHECK(names[2] == "serial_no");
    CHECK(names[3] == "mail");
    CHECK(names.back() == "ünï");
    CHECK(table("nothing", "audit").columns.empty());
}

TEST_CASE("a plain column equals what one writes by hand", "[schema][integration]") {
    CHECK(column("customer", "born") == Column{.name = "born", .type = system_type("date", "date")});
    CHECK(column("country", "code") == Column{.name = "code",
                                              .type = system_type("character(2)", "bpchar", 6),
                                              .not_null = true,
                                              .comment = "Two letters"});
}

TEST_CASE("defaults are printed with their types, and with qualified names", "[schema][integration]") {
    CHECK(column("customer", "mood").default_ == "'ok'::app.mood");
    CHECK(column("customer", "country").default_ == "'DE'::bpchar");
    CHECK(column("customer", "flags").default_ == "'{}'::boolean[]");
    CHECK(column("customer", "joined").default_ == "now()");
    CHECK(column("customer", "serial_no").default_ == "nextval('app.customer_serial_no_seq'::regclass)");
    CHECK(column("counter", "own").default_ == "nextval('app.countdown'::regclass)");
    CHECK(table("plain", "public").find_column("stamp")->default_ == "audit.stamp()");
    CHECK(column("customer", "name").default_.empty());
    CHECK(column("cheap", "price").default_ == "1");
}

TEST_CASE("what a column forbids and what its domain forbids are told apart", "[schema][integration]") {
    CHECK(column("customer", "mail").not_null);
    CHECK_FALSE(column("customer", "work_mail").not_null);
    CHECK(column("product_tag", "tag_id").not_null);
    CHECK_FALSE(column("passport", "holder_id").not_null);
}

TEST_CASE("identity columns have the options of their sequence", "[schema][integration]") {
    const corm::schema::Identity& id = column("customer", "id").identity;
    CHECK(id.kind == IdentityKind::always);
    CHECK(id.sequence == QualifiedName{"app", "customer_id_seq"});
    CHECK(id.options == SequenceOptions{.type = "bigint",
                                        .start = 1000,
                                        .increment = 10,
                                        .minimum = 1000,
                                        .maximum = 99'999'990,
                                        .cache = 3,
                                        .cycle = true});
    const corm::schema::Identity& number = column("customer", "number").identity;
    CHECK(number.kind == IdentityKind::by_default);
    CHECK(number.sequence == QualifiedName{"app", "customer_numbers"});
    CHECK(number.options == SequenceOptions{.type = "integer", .maximum = 2'147'483'647});
    CHECK_FALSE(column("customer", "serial_no").identity);
    CHECK(every_feature_model().find_sequence("app", "customer_id_seq") == nullptr);
}

TEST_CASE("generated columns have their expression and no default", "[schema][integration]") {
    const Column& name = column("customer", "full_name");
    CHECK(name.generated == "(upper(name) || '!'::text)");
    CHECK_FALSE(name.generated_virtual);
    CHECK(name.default_.empty());
    CHECK(column("product", "search").generated ==
          "to_tsvector('english'::regconfig, COALESCE(description, ''::text))");
    CHECK(column("customer", "mood").generated.empty());
}

TEST_CASE("collation, storage and compression are told where they differ", "[schema][integration]") {
    CHECK(column("customer", "name").collation == QualifiedName{"pg_catalog", "C"});
    CHECK(column("customer", "ünï").collation.empty());
    CHECK(column("customer", "mail").collation.empty()); // that of its domain
    CHECK(column("customer", "raw").storage == "external");
    CHECK(column("customer", "document").storage.empty());
    CHECK(column("customer", "document").compression == "lz4");
    CHECK(column("customer", "raw").compression.empty());
    CHECK(column("cheap", "description").storage.empty());
}

TEST_CASE("names are those of the catalogue, whatever they hold", "[schema][integration]") {
    const corm::schema::Table& odd = table("Tab.le \"q\"", "Odd.Schema");
    REQUIRE(odd.columns.size() == 4);
    CHECK(odd.columns[0].name == "Col.umn");
    CHECK(odd.columns[1].name == "select");
    CHECK(odd.columns[2].name == "ÄÖ");
    CHECK(odd.columns[3].name == " ");
    const corm::schema::ForeignKey& key = named(table("child", "Odd.Schema").foreign_keys, "Fk \"x\".y");
    CHECK(key.columns == std::vector<std::string>{"Ref.erence"});
    CHECK(key.target == QualifiedName{"Odd.Schema", "Tab.le \"q\""});
    CHECK(key.target_columns == std::vector<std::string>{"Col.umn"});
    CHECK(column("customer", "Weird \"name\".x").type.text == "integer");
}
