#ifndef FUZZ_BAD_INPUTS_ROWS_H_
#define FUZZ_BAD_INPUTS_ROWS_H_

#include "fuzz/bad_inputs/row.h"

// The rows' makers: Row1 to Row40 of rows.def.

namespace ingot::fuzz {

#define INGOT_BAD_INPUT(number, input, expected) void Row##number(Row& row);
#include "fuzz/bad_inputs/rows.def"
#undef INGOT_BAD_INPUT

}  // namespace ingot::fuzz

#endif  // FUZZ_BAD_INPUTS_ROWS_H_
