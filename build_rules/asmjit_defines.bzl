"""The configuration of asmjit, equal in the native and the wasm32 build."""

ASMJIT_DEFINES = [
    "ASMJIT_STATIC",
    "ASMJIT_NO_AARCH64",
    "ASMJIT_NO_BUILDER",
    "ASMJIT_NO_COMPILER",
    "ASMJIT_NO_INTROSPECTION",
    "ASMJIT_NO_JIT",
    "ASMJIT_NO_LOGGING",
    "ASMJIT_NO_TEXT",
    "ASMJIT_NO_VALIDATION",
]
