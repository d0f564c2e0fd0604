// Every built-in codec.
#pragma once

#include <corm/type/array.hpp>
#include <corm/type/enumeration.hpp>
#include <corm/type/interval.hpp>
#include <corm/type/json.hpp>
#include <corm/type/json_struct.hpp>
#include <corm/type/numeric.hpp>
#include <corm/type/optional.hpp>
#include <corm/type/scalar.hpp>
#include <corm/type/temporal.hpp>
#include <corm/type/text.hpp>
#include <corm/type/text_form.hpp>
#include <corm/type/time_of_day.hpp>
#include <corm/type/uuid.hpp>
