"""How compiler.wasm is built; its tests build small stand-ins the same way."""

# memory.copy and memory.fill are not for clang to use: most copies are small
# (copy.cc). Address 0 is a place like any other: the arena's base.
COMPILER_COPTS = [
    "-O2",
    "-msign-ext",
    "-mnontrapping-fptoint",
    "-fno-delete-null-pointer-checks",
]

# The stack comes first in linear memory: an overflow leaves memory and traps
# instead of overwriting data.
COMPILER_LINKOPTS = [
    "--stack-first",
    "-z",
    "stack-size=131072",
]
