// A small interpreter inside wasm: a stack machine with sixteen variables runs
// a bytecode program, here one that counts primes by trial division. A switch
// in a loop becomes br_table, the shape of every interpreter.

#include <array>
#include <cstdint>

namespace {

enum class Op : uint8_t {
  kPush,       // operand: the value
  kLoad,       // operand: the variable
  kStore,      // operand: the variable
  kAdd,
  kMultiply,
  kRemainder,  // traps when the divisor is 0
  kLess,
  kJump,       // operand: where to
  kJumpIfZero, // operand: where to
  kHalt,       // the result is on top
};

struct Instruction {
  Op op;
  uint32_t operand = 0;
};

// Variables of the program.
constexpr uint32_t kLimit = 0;
constexpr uint32_t kCandidate = 1;
constexpr uint32_t kDivisor = 2;
constexpr uint32_t kCount = 3;

constexpr Instruction kCountPrimes[] = {
    // 0: candidate = 2
    {Op::kPush, 2}, {Op::kStore, kCandidate},
    // 2: while candidate < limit
    {Op::kLoad, kCandidate}, {Op::kLoad, kLimit}, {Op::kLess},
    {Op::kJumpIfZero, 33},
    // 6: divisor = 2
    {Op::kPush, 2}, {Op::kStore, kDivisor},
    // 8: while divisor * divisor < candidate + 1
    {Op::kLoad, kDivisor}, {Op::kLoad, kDivisor}, {Op::kMultiply},
    {Op::kLoad, kCandidate}, {Op::kPush, 1}, {Op::kAdd}, {Op::kLess},
    {Op::kJumpIfZero, 24},
    // 16: if candidate % divisor == 0, it is no prime
    {Op::kLoad, kCandidate}, {Op::kLoad, kDivisor}, {Op::kRemainder},
    {Op::kJumpIfZero, 28},
    // 20: ++divisor (in three), again
    {Op::kLoad, kDivisor}, {Op::kPush, 1}, {Op::kAdd}, {Op::kJump, 35},
    // 24: ++count
    {Op::kLoad, kCount}, {Op::kPush, 1}, {Op::kAdd}, {Op::kStore, kCount},
    // 28: ++candidate, again
    {Op::kLoad, kCandidate}, {Op::kPush, 1}, {Op::kAdd},
    {Op::kStore, kCandidate}, {Op::kJump, 2},
    // 33: the result
    {Op::kLoad, kCount}, {Op::kHalt},
    // 35: the rest of ++divisor
    {Op::kStore, kDivisor}, {Op::kJump, 8},
};

uint64_t Interpret(const Instruction* program,
                   std::array<uint64_t, 16>& variables) {
  std::array<uint64_t, 64> stack;
  uint32_t top = 0;  // number of values on the stack
  uint32_t pc = 0;
  while (true) {
    const Instruction instruction = program[pc++];
    switch (instruction.op) {
      case Op::kPush:
        stack[top++] = instruction.operand;
        break;
      case Op::kLoad:
        stack[top++] = variables[instruction.operand];
        break;
      case Op::kStore:
        variables[instruction.operand] = stack[--top];
        break;
      case Op::kAdd:
        --top;
        stack[top - 1] += stack[top];
        break;
      case Op::kMultiply:
        --top;
        stack[top - 1] *= stack[top];
        break;
      case Op::kRemainder:
        --top;
        if (stack[top] == 0) __builtin_trap();
        stack[top - 1] %= stack[top];
        break;
      case Op::kLess:
        --top;
        stack[top - 1] = stack[top - 1] < stack[top] ? 1 : 0;
        break;
      case Op::kJump:
        pc = instruction.operand;
        break;
      case Op::kJumpIfZero:
        if (stack[--top] == 0) pc = instruction.operand;
        break;
      case Op::kHalt:
        return stack[top - 1];
    }
  }
}

}  // namespace

// The number of primes below `limit`.
extern "C" __attribute__((export_name("run"))) uint64_t Run(uint32_t limit) {
  std::array<uint64_t, 16> variables = {};
  variables[kLimit] = limit;
  return Interpret(kCountPrimes, variables);
}
