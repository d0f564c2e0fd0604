// The mapped types of the tests of unique values.
#pragma once

#include "entities.hpp"

namespace unique_test {

/// A unique code, checked row by row.
struct Badge {
    std::int32_t id = 0;
    std::optional<std::string> code{};
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Badge, (), (id, code, note))
constexpr auto corm_mapping(corm::type<Badge>) {
    return corm::mapping::table<Badge>("badges").primary_key<&Badge::id>().unique<&Badge::code>();
}

/// Places in a list, whose constraint is deferrable.
struct Place {
    std::int32_t id = 0;
    std::int32_t list = 0;
    std::int32_t position = 0;
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Place, (), (id, list, position, note))
constexpr auto corm_mapping(corm::type<Place>) {
    return corm::mapping::table<Place>("places").primary_key<&Place::id>().unique<&Place::list, &Place::position>(
        corm::mapping::deferrable);
}

/// A number that may be -1 for a time, and a version.
struct Desk {
    std::int32_t id = 0;
    std::int32_t number = 0;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id, number, version))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::mapping::table<Desk>("desks").primary_key<&Desk::id>().version<&Desk::version>().unique<&Desk::number>(
        corm::mapping::temporary(-1));
}

/// Keys that change hands: a value to pass through, or a deferrable constraint.
struct Chair {
    std::int32_t number = 0;
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Chair, (), (number, note))
constexpr auto corm_mapping(corm::type<Chair>) {
    return corm::mapping::table<Chair>("chairs")
        .primary_key<&Chair::number>(corm::mapping::assigned)
        .unique<&Chair::number>(corm::mapping::temporary(-1));
}
struct Stool {
    std::int32_t number = 0;
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Stool, (), (number, note))
constexpr auto corm_mapping(corm::type<Stool>) {
    return corm::mapping::table<Stool>("stools")
        .primary_key<&Stool::number>(corm::mapping::assigned)
        .unique<&Stool::number>(corm::mapping::deferrable);
}

/// Places in a list, by way of position -1.
struct Seat {
    std::int32_t id = 0;
    std::int32_t list = 0;
    std::int32_t position = 0;
};
BOOST_DESCRIBE_STRUCT(Seat, (), (id, list, position))
constexpr auto corm_mapping(corm::type<Seat>) {
    return corm::mapping::table<Seat>("seats").primary_key<&Seat::id>().unique<&Seat::list, &Seat::position>(
        corm::mapping::temporary(-1));
}

/// A key of two parts, by way of -1 in the second.
struct Cell {
    std::int32_t row = 0;
    std::int32_t column = 0;
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Cell, (), (row, column, note))
constexpr auto corm_mapping(corm::type<Cell>) {
    return corm::mapping::table<Cell>("cells")
        .primary_key<&Cell::row, &Cell::column>()
        .unique<&Cell::row, &Cell::column>(corm::mapping::temporary(-1));
}

/// A column of the key is of another unique set as well.
struct Rental {
    std::int32_t tenant = 0;
    std::int32_t id = 0;
    std::int32_t slot = 0;
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Rental, (), (tenant, id, slot, note))
constexpr auto corm_mapping(corm::type<Rental>) {
    return corm::mapping::table<Rental>("rentals")
        .primary_key<&Rental::tenant, &Rental::id>()
        .unique<&Rental::tenant, &Rental::slot>(corm::mapping::deferrable);
}

/// Two unique values, one of them by way of -1.
struct Pair {
    std::int32_t id = 0;
    std::int32_t a = 0;
    std::int32_t b = 0;
};
BOOST_DESCRIBE_STRUCT(Pair, (), (id, a, b))
constexpr auto corm_mapping(corm::type<Pair>) {
    return corm::mapping::table<Pair>("pairs")
        .primary_key<&Pair::id>()
        .unique<&Pair::a>(corm::mapping::temporary(-1))
        .unique<&Pair::b>();
}

/// Refers to a user, and does not say by what.
struct Letter {
    std::int32_t id = 0;
    std::int16_t to = 0;
    std::int32_t stamps = 0;
};
BOOST_DESCRIBE_STRUCT(Letter, (), (id, to, stamps))
constexpr auto corm_mapping(corm::type<Letter>) {
    return corm::mapping::table<Letter>("letters").primary_key<&Letter::id>().references<uow_test::User>();
}

struct Country {
    std::int64_t id = 0;
    std::string code{};
};
BOOST_DESCRIBE_STRUCT(Country, (), (id, code))
constexpr auto corm_mapping(corm::type<Country>) {
    return corm::mapping::table<Country>("countries").primary_key<&Country::id>().unique<&Country::code>();
}
struct Town {
    std::int32_t id = 0;
    std::int16_t country_id = 0;
    corm::mapping::One<Country> country{};
};
BOOST_DESCRIBE_STRUCT(Town, (), (id, country_id, country))
constexpr auto corm_mapping(corm::type<Town>) {
    return corm::mapping::table<Town>("towns")
        .primary_key<&Town::id>()
        .many_to_one<&Town::country, &Town::country_id>();
}

/// Rows of a tree with unique names.
struct Node {
    std::int32_t id = 0;
    std::optional<std::int32_t> parent_id{};
    std::string name{};
    corm::mapping::One<Node> parent{};
};
BOOST_DESCRIBE_STRUCT(Node, (), (id, parent_id, name, parent))
constexpr auto corm_mapping(corm::type<Node>) {
    return corm::mapping::table<Node>("nodes")
        .primary_key<&Node::id>()
        .unique<&Node::name>()
        .many_to_one<&Node::parent, &Node::parent_id>();
}

/// The server gives a unique code by default.
struct Coupon {
    std::int32_t id = 0;
    std::string code{};
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Coupon, (), (id, code, note))
constexpr auto corm_mapping(corm::type<Coupon>) {
    return corm::mapping::table<Coupon>("coupons")
        .primary_key<&Coupon::id>(corm::mapping::assigned)
        .server_default<&Coupon::code>()
        .unique<&Coupon::code>();
}

/// The same with a constraint that is deferrable, and another one.
struct Voucher {
    std::int32_t id = 0;
    std::string code{};
    std::int32_t note = 0;
};
BOOST_DESCRIBE_STRUCT(Voucher, (), (id, code, note))
constexpr auto corm_mapping(corm::type<Voucher>) {
    return corm::mapping::table<Voucher>("vouchers")
        .primary_key<&Voucher::id>(corm::mapping::assigned)
        .server_default<&Voucher::code>()
        .unique<&Voucher::code>(corm::mapping::deferrable)
        .unique<&Voucher::note>();
}

struct Parcel {
    std::int64_t id = 0;
    std::int64_t order_id = 0;
    corm::mapping::One<uow_test::Order> order{};
};
BOOST_DESCRIBE_STRUCT(Parcel, (), (id, order_id, order))
constexpr auto corm_mapping(corm::type<Parcel>) {
    return corm::mapping::table<Parcel>("parcels")
        .primary_key<&Parcel::id>()
        .many_to_one<&Parcel::order, &Parcel::order_id>();
}

} // namespace unique_test
