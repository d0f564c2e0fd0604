// The 22 queries of TPC-H in the typed query language.
#pragma once

#include "queries.hpp"

#include <corm/query.hpp>

namespace corm::tpch {

template <int Number>
using Typed = corm::Query<typename Query<Number>::Row>;

/// The query that yields the same rows as the SQL of `Query<Number>`.
template <int Number>
[[nodiscard]] Typed<Number> typed();

// clang-format off
template <> Typed<1> typed<1>();
template <> Typed<2> typed<2>();
template <> Typed<3> typed<3>();
template <> Typed<4> typed<4>();
template <> Typed<5> typed<5>();
template <> Typed<6> typed<6>();
template <> Typed<7> typed<7>();
template <> Typed<8> typed<8>();
template <> Typed<9> typed<9>();
template <> Typed<10> typed<10>();
template <> Typed<11> typed<11>();
template <> Typed<12> typed<12>();
template <> Typed<13> typed<13>();
template <> Typed<14> typed<14>();
template <> Typed<15> typed<15>();
template <> Typed<16> typed<16>();
template <> Typed<17> typed<17>();
template <> Typed<18> typed<18>();
template <> Typed<19> typed<19>();
template <> Typed<20> typed<20>();
template <> Typed<21> typed<21>();
template <> Typed<22> typed<22>();
// clang-format on

} // namespace corm::tpch
