#include "random.hpp"

namespace corm::tpch {

namespace {

using namespace std::string_view_literals;

constexpr std::array adjectives{"special"sv, "pending"sv, "quiet"sv, "express"sv, "regular"sv, "late"sv,
                                "careful"sv, "final"sv,   "blue"sv,  "unusual"sv, "even"sv,    "bold"sv};
constexpr std::array nouns{"requests"sv, "deposits"sv, "accounts"sv, "parcels"sv,   "orders"sv,
                           "theories"sv, "ideas"sv,    "letters"sv,  "pinecones"sv, "warehouses"sv};
constexpr std::array verbs{"wait for"sv, "sleep beside"sv, "go with"sv, "replace"sv, "look at"sv, "arrive before"sv};
constexpr std::array adverbs{"slowly"sv, "often"sv, "quickly"sv, "never"sv, "almost always"sv};
constexpr std::string_view marks = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, ";

void add_sentence(Random& random, std::string& text) {
    text.append(random.pick(adjectives)).append(" ").append(random.pick(nouns)).append(" ");
    if (random.between(0, 2) == 0)
        text.append(random.pick(adverbs)).append(" ");
    text.append(random.pick(verbs)).append(" the ").append(random.pick(adjectives)).append(" ");
    text.append(random.pick(nouns)).append(random.between(0, 3) == 0 ? "; " : ". ");
}

} // namespace

std::string random_text(Random& random, std::int64_t least, std::int64_t most) {
    const auto length = static_cast<std::size_t>(random.between(least, most));
    std::string text;
    while (text.size() < length)
        add_sentence(random, text);
    text.resize(length);
    return text;
}

std::string random_string(Random& random, std::int64_t least, std::int64_t most) {
    std::string text(static_cast<std::size_t>(random.between(least, most)), '\0');
    for (char& c : text)
        c = marks[random.next() % marks.size()];
    return text;
}

} // namespace corm::tpch
