#ifndef RUNTIME_ARTIFACT_PROFILE_DIFFERENCE_H_
#define RUNTIME_ARTIFACT_PROFILE_DIFFERENCE_H_

#include <string>

#include "compiler/abi/profile.h"

// Names what two profiles differ in, for the refusal of an artifact.

namespace ingot::runtime {

// The first field that differs, in the order of the canonical bytes, e.g.
// "level", "limits.params", "execution.op.i32.add"; empty when they are equal.
std::string FirstDifference(const Profile& a, const Profile& b);

}  // namespace ingot::runtime

#endif  // RUNTIME_ARTIFACT_PROFILE_DIFFERENCE_H_
