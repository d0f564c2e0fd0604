// Type OIDs that never change (src/include/catalog/pg_type.dat of PostgreSQL).
#pragma once

#include <corm/type/field_view.hpp>

namespace corm::types::oids {

inline constexpr Oid boolean = 16, bytea = 17, character = 18, name = 19, int8 = 20, int2 = 21, int4 = 23, text = 25;
inline constexpr Oid oid = 26, json = 114, float4 = 700, float8 = 701, unknown = 705, bpchar = 1042, varchar = 1043;
inline constexpr Oid date = 1082, time = 1083, timestamp = 1114, timestamptz = 1184, interval = 1186, numeric = 1700;
inline constexpr Oid uuid = 2950, jsonb = 3802, void_ = 2278, record = 2249, timetz = 1266;

inline constexpr Oid boolean_array = 1000, bytea_array = 1001, int2_array = 1005, int4_array = 1007, text_array = 1009;
inline constexpr Oid int8_array = 1016, float4_array = 1021, float8_array = 1022, timestamp_array = 1115;
inline constexpr Oid date_array = 1182, timestamptz_array = 1185, numeric_array = 1231, uuid_array = 2951;
inline constexpr Oid jsonb_array = 3807, varchar_array = 1015, json_array = 199;
inline constexpr Oid character_array = 1002, name_array = 1003, bpchar_array = 1014, oid_array = 1028;
inline constexpr Oid time_array = 1183, timetz_array = 1270, interval_array = 1187;

inline constexpr Oid int4_range = 3904, numeric_range = 3906, timestamp_range = 3908, timestamptz_range = 3910;
inline constexpr Oid date_range = 3912, int8_range = 3926;
inline constexpr Oid int4_range_array = 3905, numeric_range_array = 3907, timestamp_range_array = 3909;
inline constexpr Oid timestamptz_range_array = 3911, date_range_array = 3913, int8_range_array = 3927;
inline constexpr Oid int4_multirange = 4451, numeric_multirange = 4532, timestamp_multirange = 4533;
inline constexpr Oid timestamptz_multirange = 4534, date_multirange = 4535, int8_multirange = 4536;
inline constexpr Oid int4_multirange_array = 6150, numeric_multirange_array = 6151, timestamp_multirange_array = 6152;
inline constexpr Oid timestamptz_multirange_array = 6153, date_multirange_array = 6155, int8_multirange_array = 6157;

inline constexpr Oid inet = 869, cidr = 650, macaddr = 829, macaddr8 = 774, bit = 1560, varbit = 1562;
inline constexpr Oid inet_array = 1041, cidr_array = 651, macaddr_array = 1040, macaddr8_array = 775;
inline constexpr Oid bit_array = 1561, varbit_array = 1563;

/// OIDs from here on belong to types that users made.
inline constexpr Oid first_user_oid = 16384;

} // namespace corm::types::oids
