// The player of records.
#include "compare.hpp"
#include "edits.hpp"
#include "operations.hpp"

#include "support/library/records.hpp"

template class model_test::Player<library::Records>;
