#ifndef FUZZ_DIFFERENTIAL_PORTABLE_H_
#define FUZZ_DIFFERENTIAL_PORTABLE_H_

#include <string>

#include "fuzz/differential/execution.h"

// What another engine needs to run a subject, and what it should say. Both are
// one line of text without a line end. NaNs are all alike, traps stand for the
// classes that engines tell apart, memories for a checksum.

namespace ingot::fuzz {

// JSON: modules with their imports, steps with arguments (run_modules.mjs in
// fuzz/others reads it).
std::string Question(const Subject& subject, const Programs& programs);

// Outcomes, then per module the checksum of its memory and the exported
// globals. Empty where the run ended by what is ours alone.
std::string Answer(const Execution& run, const Programs& programs);

}  // namespace ingot::fuzz

#endif  // FUZZ_DIFFERENTIAL_PORTABLE_H_
