// expect: corm: corm::association needs a column for each part of the owner's key, and for each of the target's
#include "mapping_entities.hpp"

struct Label;
struct Sheet {
    std::int32_t year = 0;
    std::int32_t number = 0;
    corm::mapping::Many<Label> labels{};
};
BOOST_DESCRIBE_STRUCT(Sheet, (), (year, number, labels))
struct Label {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Label, (), (id))
constexpr auto corm_mapping(corm::type<Label>) {
    return corm::mapping::table<Label>("labels").primary_key<&Label::id>();
}
constexpr auto corm_mapping(corm::type<Sheet>) {
    return corm::mapping::table<Sheet>("sheets")
        .primary_key<&Sheet::year, &Sheet::number>()
        .many_to_many<&Sheet::labels>(corm::mapping::association("sheet_labels", {"sheet"}, {"label"}));
}
const auto& mapper = corm::mapping::mapper_of<Sheet>();
