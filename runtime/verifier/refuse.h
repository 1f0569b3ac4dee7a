#ifndef RUNTIME_VERIFIER_REFUSE_H_
#define RUNTIME_VERIFIER_REFUSE_H_

#include "runtime/verifier/verifier.h"

// How the passes refuse: a condition that must hold; a step that may refuse.

#define VERIFY(condition, reason)                         \
  do {                                                    \
    if (!(condition)) [[unlikely]] return Reason::reason; \
  } while (false)

#define RETURN_IF_REFUSED(expr)                                \
  do {                                                         \
    const Reason reason_ = (expr);                             \
    if (reason_ != Reason::kNone) [[unlikely]] return reason_; \
  } while (false)

#endif  // RUNTIME_VERIFIER_REFUSE_H_
