#ifndef RUNTIME_ARTIFACT_HOST_ISA_H_
#define RUNTIME_ARTIFACT_HOST_ISA_H_

#include <string_view>

#include "compiler/abi/profile.h"

// What this processor can run. The only place that asks the processor; the
// compiler never does.

namespace ingot::runtime {

// The first feature of the instruction set that this processor lacks, by its
// name ("sse4.2"); empty when it has all.
std::string_view MissingFeature(Isa isa);

}  // namespace ingot::runtime

#endif  // RUNTIME_ARTIFACT_HOST_ISA_H_
