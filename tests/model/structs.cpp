// The player of structs.
#include "compare.hpp"
#include "edits.hpp"
#include "operations.hpp"

#include "support/library/structs.hpp"

template class model_test::Player<library::Structs>;
