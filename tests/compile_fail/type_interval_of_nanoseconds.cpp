// expect: corm: this duration is no interval: PostgreSQL counts whole microseconds
#include <corm/type/interval.hpp>

const auto interval = corm::types::Interval::from(std::chrono::nanoseconds{1});
