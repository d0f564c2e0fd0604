#include "generator.hpp"

#include "random.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace corm::tpch {

namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using std::chrono::days;
using std::chrono::sys_days;

constexpr std::array regions{"AFRICA"sv, "AMERICA"sv, "ASIA"sv, "EUROPE"sv, "MIDDLE EAST"sv};
constexpr std::array<std::pair<std::string_view, std::int32_t>, 25> nations{
    {{"ALGERIA", 0},      {"ARGENTINA", 1},  {"BRAZIL", 1},  {"CANADA", 1},         {"EGYPT", 4},
     {"ETHIOPIA", 0},     {"FRANCE", 3},     {"GERMANY", 3}, {"INDIA", 2},          {"INDONESIA", 2},
     {"IRAN", 4},         {"IRAQ", 4},       {"JAPAN", 2},   {"JORDAN", 4},         {"KENYA", 0},
     {"MOROCCO", 0},      {"MOZAMBIQUE", 0}, {"PERU", 1},    {"CHINA", 2},          {"ROMANIA", 3},
     {"SAUDI ARABIA", 4}, {"VIETNAM", 2},    {"RUSSIA", 3},  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}}};
constexpr std::array colours{
    "almond"sv,   "antique"sv,   "aquamarine"sv, "azure"sv,      "beige"sv,     "bisque"sv,    "black"sv,
    "blanched"sv, "blue"sv,      "blush"sv,      "brown"sv,      "burlywood"sv, "burnished"sv, "chartreuse"sv,
    "chiffon"sv,  "chocolate"sv, "coral"sv,      "cornflower"sv, "cornsilk"sv,  "cream"sv,     "cyan"sv,
    "dark"sv,     "deep"sv,      "dim"sv,        "dodger"sv,     "drab"sv,      "firebrick"sv, "floral"sv,
    "forest"sv,   "frosted"sv,   "gainsboro"sv,  "ghost"sv,      "goldenrod"sv, "green"sv,     "grey"sv,
    "honeydew"sv, "hot"sv,       "indian"sv,     "ivory"sv,      "khaki"sv,     "lace"sv,      "lavender"sv,
    "lawn"sv,     "lemon"sv,     "light"sv,      "lime"sv,       "linen"sv,     "magenta"sv,   "maroon"sv,
    "medium"sv,   "metallic"sv,  "midnight"sv,   "mint"sv,       "misty"sv,     "moccasin"sv,  "navajo"sv,
    "navy"sv,     "olive"sv,     "orange"sv,     "orchid"sv,     "pale"sv,      "papaya"sv,    "peach"sv,
    "peru"sv,     "pink"sv,      "plum"sv,       "powder"sv,     "puff"sv,      "purple"sv,    "red"sv,
    "rose"sv,     "rosy"sv,      "royal"sv,      "saddle"sv,     "salmon"sv,    "sandy"sv,     "seashell"sv,
    "sienna"sv,   "sky"sv,       "slate"sv,      "smoke"sv,      "snow"sv,      "spring"sv,    "steel"sv,
    "tan"sv,      "thistle"sv,   "tomato"sv,     "turquoise"sv,  "violet"sv,    "wheat"sv,     "white"sv,
    "yellow"sv};
constexpr std::array type_sizes{"STANDARD"sv, "SMALL"sv, "MEDIUM"sv, "LARGE"sv, "ECONOMY"sv, "PROMO"sv};
constexpr std::array type_finishes{"ANODIZED"sv, "BURNISHED"sv, "PLATED"sv, "POLISHED"sv, "BRUSHED"sv};
constexpr std::array type_metals{"TIN"sv, "NICKEL"sv, "BRASS"sv, "STEEL"sv, "COPPER"sv};
constexpr std::array container_sizes{"SM"sv, "LG"sv, "MED"sv, "JUMBO"sv, "WRAP"sv};
constexpr std::array container_kinds{"CASE"sv, "BOX"sv, "BAG"sv, "JAR"sv, "PKG"sv, "PACK"sv, "CAN"sv, "DRUM"sv};
constexpr std::array segments{"AUTOMOBILE"sv, "BUILDING"sv, "FURNITURE"sv, "MACHINERY"sv, "HOUSEHOLD"sv};
constexpr std::array priorities{"1-URGENT"sv, "2-HIGH"sv, "3-MEDIUM"sv, "4-NOT SPECIFIED"sv, "5-LOW"sv};
constexpr std::array instructions{"DELIVER IN PERSON"sv, "COLLECT COD"sv, "NONE"sv, "TAKE BACK RETURN"sv};
constexpr std::array modes{"REG AIR"sv, "AIR"sv, "RAIL"sv, "SHIP"sv, "TRUCK"sv, "MAIL"sv, "FOB"sv};

constexpr sys_days start_date = 1992y / std::chrono::January / 1;
constexpr sys_days current_date = 1995y / std::chrono::June / 17;
constexpr sys_days end_date = 1998y / std::chrono::December / 31;

/// How many rows the tables have.
struct Sizes {
    explicit Sizes(int hundredths)
        : suppliers(100 * hundredths), parts(2'000 * hundredths), customers(1'500 * hundredths),
          orders(15'000 * hundredths), clerks(10 * hundredths), remarks(std::max(1, 5 * hundredths / 100)) {}
    std::int64_t suppliers;
    std::int64_t parts;
    std::int64_t customers;
    std::int64_t orders;
    std::int64_t clerks;
    std::int64_t remarks; ///< suppliers about whom customers complain; and others, whom they recommend
};

std::string padded(std::int64_t number, std::size_t width) {
    std::string digits = std::to_string(number);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
}

corm::Numeric hundredths_of(std::int64_t value) {
    const std::int64_t magnitude = value < 0 ? -value : value;
    return corm::Numeric{(value < 0 ? "-" : "") + std::to_string(magnitude / 100) + "." + padded(magnitude % 100, 2)};
}

std::string random_phone(Random& random, std::int32_t nationkey) {
    std::string phone = std::to_string(nationkey + 10);
    phone.append("-").append(std::to_string(random.between(100, 999)));
    phone.append("-").append(std::to_string(random.between(100, 999)));
    return phone.append("-").append(std::to_string(random.between(1'000, 9'999)));
}

std::int64_t retail_price(std::int64_t partkey) {
    return 90'000 + partkey / 10 % 20'001 + 100 * (partkey % 1'000);
}

/// One of the four suppliers of a part; `which`: 0 to 3.
std::int64_t supplier_of(const Sizes& sizes, std::int64_t partkey, std::int64_t which) {
    const std::int64_t all = sizes.suppliers;
    return (partkey + which * (all / 4 + (partkey - 1) / all)) % all + 1;
}

void make_regions(Rows& rows) {
    Random random{1};
    for (const std::string_view name : regions) {
        const auto key = static_cast<std::int32_t>(rows.regions.size());
        rows.regions.push_back({key, std::string{name}, random_text(random, 31, 115)});
    }
    for (const auto& [name, region] : nations) {
        Nation& nation = rows.nations.emplace_back();
        nation.nationkey = static_cast<std::int32_t>(rows.nations.size()) - 1;
        nation.name = name;
        nation.regionkey = region;
        nation.comment = random_text(random, 31, 114);
    }
}

/// Five different ones.
std::string part_name(Random& random) {
    std::array<std::string_view, 5> chosen{};
    std::string name;
    for (std::size_t count = 0; count < chosen.size();) {
        const std::string_view colour = random.pick(colours);
        if (std::find(chosen.begin(), chosen.end(), colour) != chosen.end())
            continue;
        chosen[count++] = colour;
        name.append(name.empty() ? "" : " ").append(colour);
    }
    return name;
}

std::string words(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts)
        text.append(text.empty() ? "" : " ").append(part);
    return text;
}

void make_parts(Rows& rows, const Sizes& sizes) {
    Random random{2};
    for (std::int64_t key = 1; key <= sizes.parts; ++key) {
        Part& part = rows.parts.emplace_back();
        part.partkey = key;
        part.name = part_name(random);
        const std::string maker = std::to_string(random.between(1, 5));
        part.mfgr = "Manufacturer#" + maker;
        part.brand = "Brand#" + maker + std::to_string(random.between(1, 5));
        const std::string_view size = random.pick(type_sizes);
        const std::string_view finish = random.pick(type_finishes);
        part.type = words({size, finish, random.pick(type_metals)});
        part.size = static_cast<std::int32_t>(random.between(1, 50));
        const std::string_view container = random.pick(container_sizes);
        part.container = words({container, random.pick(container_kinds)});
        part.retailprice = hundredths_of(retail_price(key));
        part.comment = random_text(random, 5, 22);
        for (std::int64_t which = 0; which < 4; ++which) {
            PartSupp& offer = rows.partsupps.emplace_back();
            offer.partkey = key;
            offer.suppkey = supplier_of(sizes, key, which);
            offer.availqty = static_cast<std::int32_t>(random.between(1, 9'999));
            offer.supplycost = hundredths_of(random.between(100, 100'000));
            offer.comment = random_text(random, 49, 198);
        }
    }
}

/// "Customer", something in between, and what the customers do, somewhere in a comment.
void remark(Random& random, std::string& comment, std::string_view verb) {
    const std::string text = "Customer" + random_string(random, 0, 5) + std::string{verb};
    const auto last = static_cast<std::int64_t>(comment.size() - std::min(comment.size(), text.size()));
    comment.replace(static_cast<std::size_t>(random.between(0, last)), text.size(), text);
}

void make_suppliers(Rows& rows, const Sizes& sizes) {
    Random random{3};
    for (std::int64_t key = 1; key <= sizes.suppliers; ++key) {
        Supplier& supplier = rows.suppliers.emplace_back();
        supplier.suppkey = key;
        supplier.name = "Supplier#" + padded(key, 9);
        supplier.address = random_string(random, 10, 40);
        supplier.nationkey = static_cast<std::int32_t>(random.between(0, 24));
        supplier.phone = random_phone(random, supplier.nationkey);
        supplier.acctbal = hundredths_of(random.between(-99'999, 999'999));
        supplier.comment = random_text(random, 25, 100);
    }
    const std::int64_t apart = sizes.suppliers / sizes.remarks;
    for (std::int64_t i = 0; i < sizes.remarks; ++i) {
        const auto first = static_cast<std::size_t>(i * apart);
        remark(random, rows.suppliers[first + static_cast<std::size_t>(apart / 3)].comment, "Complaints");
        remark(random, rows.suppliers[first + static_cast<std::size_t>(apart / 2)].comment, "Recommends");
    }
}

void make_customers(Rows& rows, const Sizes& sizes) {
    Random random{4};
    for (std::int64_t key = 1; key <= sizes.customers; ++key) {
        Customer& customer = rows.customers.emplace_back();
        customer.custkey = key;
        customer.name = "Customer#" + padded(key, 9);
        customer.address = random_string(random, 10, 40);
        customer.nationkey = static_cast<std::int32_t>(random.between(0, 24));
        customer.phone = random_phone(random, customer.nationkey);
        customer.acctbal = hundredths_of(random.between(-99'999, 999'999));
        customer.mktsegment = random.pick(segments);
        customer.comment = random_text(random, 29, 116);
    }
}

/// Adds a line to the order. Returns what the customer pays for it, in millionths.
std::int64_t make_line(Rows& rows, const Sizes& sizes, Random& random, const Order& order, std::int32_t number) {
    LineItem& line = rows.lineitems.emplace_back();
    line.orderkey = order.orderkey;
    line.partkey = random.between(1, sizes.parts);
    line.suppkey = supplier_of(sizes, line.partkey, random.between(0, 3));
    line.linenumber = number;
    const std::int64_t quantity = random.between(1, 50);
    const std::int64_t price = quantity * retail_price(line.partkey);
    const std::int64_t discount = random.between(0, 10);
    const std::int64_t tax = random.between(0, 8);
    line.quantity = hundredths_of(100 * quantity);
    line.extendedprice = hundredths_of(price);
    line.discount = hundredths_of(discount);
    line.tax = hundredths_of(tax);
    line.shipdate = order.orderdate + days{random.between(1, 121)};
    line.commitdate = order.orderdate + days{random.between(30, 90)};
    line.receiptdate = line.shipdate + days{random.between(1, 30)};
    const bool refused = random.between(0, 1) == 0;
    line.returnflag = line.receiptdate > current_date ? "N" : refused ? "R" : "A";
    line.linestatus = line.shipdate > current_date ? "O" : "F";
    line.shipinstruct = random.pick(instructions);
    line.shipmode = random.pick(modes);
    line.comment = random_text(random, 10, 43);
    return price * (100 - discount) * (100 + tax);
}

void make_orders(Rows& rows, const Sizes& sizes) {
    Random random{5};
    const auto last_day = (end_date - days{151} - start_date).count();
    for (std::int64_t count = 0; count < sizes.orders; ++count) {
        Order& order = rows.orders.emplace_back();
        order.orderkey = count / 8 * 32 + count % 8 + 1; // the first 8 of each 32 keys are in use
        do {
            order.custkey = random.between(1, sizes.customers);
        } while (order.custkey % 3 == 0); // a third of the customers has no order
        order.orderdate = start_date + days{random.between(0, last_day)};
        order.orderpriority = random.pick(priorities);
        order.clerk = "Clerk#" + padded(random.between(1, sizes.clerks), 9);
        order.comment = random_text(random, 19, 78);
        const auto lines = static_cast<std::int32_t>(random.between(1, 7));
        std::int64_t total = 0;
        for (std::int32_t number = 1; number <= lines; ++number)
            total += make_line(rows, sizes, random, order, number);
        order.totalprice = hundredths_of((total + 5'000) / 10'000);
        const auto open = std::count_if(rows.lineitems.end() - lines, rows.lineitems.end(),
                                        [](const LineItem& line) { return line.linestatus == "O"; });
        order.orderstatus = open == lines ? "O" : open == 0 ? "F" : "P";
    }
}

/// A session for so many objects, so that memory does not grow with the scale.
constexpr std::size_t batch_rows = 10'000;

template <class T>
corm::Task<> load_table(const corm::Engine& engine, std::vector<T>& rows) {
    for (std::size_t first = 0; first < rows.size(); first += batch_rows) {
        const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = begin + static_cast<std::ptrdiff_t>(std::min(batch_rows, rows.size() - first));
        corm::AsyncSession session{engine};
        session.add_all(std::vector<T>(std::make_move_iterator(begin), std::make_move_iterator(end)));
        co_await session.commit();
    }
}

} // namespace

Rows generate(int hundredths) {
    if (hundredths < 1)
        throw std::invalid_argument("the scale is at least one hundredth");
    const Sizes sizes{hundredths};
    Rows rows;
    make_regions(rows);
    make_parts(rows, sizes);
    make_suppliers(rows, sizes);
    make_customers(rows, sizes);
    make_orders(rows, sizes);
    return rows;
}

corm::Task<> load(const corm::Engine& engine, Rows rows) {
    co_await load_table(engine, rows.regions);
    co_await load_table(engine, rows.nations);
    co_await load_table(engine, rows.parts);
    co_await load_table(engine, rows.suppliers);
    co_await load_table(engine, rows.partsupps);
    co_await load_table(engine, rows.customers);
    co_await load_table(engine, rows.orders);
    co_await load_table(engine, rows.lineitems);
}

} // namespace corm::tpch
