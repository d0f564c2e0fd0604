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

/// OIDs from here on belong to types that users made.
inline constexpr Oid first_user_oid = 16384;

} // namespace corm::types::oids
