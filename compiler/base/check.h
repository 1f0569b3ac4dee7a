#ifndef COMPILER_BASE_CHECK_H_
#define COMPILER_BASE_CHECK_H_

// CHECK states an invariant of Ingot itself. It stops in every build: as a
// wasm trap in compiler.wasm (verdict: compiler_defect), as SIGILL natively.

#define INGOT_CHECK(condition)                \
  do {                                        \
    if (!(condition)) [[unlikely]]            \
      __builtin_trap();                       \
  } while (false)

#endif  // COMPILER_BASE_CHECK_H_
