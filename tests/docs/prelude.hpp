// What the code blocks of the documentation may use without saying so.
#pragma once

#include <corm/corm.hpp>
#include <corm/orm/transaction.hpp>
#include <corm/query/insert.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <vector>

using namespace std::chrono_literals;
