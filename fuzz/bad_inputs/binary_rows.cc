// Rows 1 to 8 and 10: bytes that are no module. Offsets are not named here:
// that decoder, native build and sandbox agree on them is what Row checks.

#include <set>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "fuzz/bad_inputs/rows.h"
#include "fuzz/generator/generator.h"
#include "gtest/gtest.h"
#include "runtime/program.h"
#include "sandbox/native_compiler.h"

namespace ingot::fuzz {

using Bytes = Row::Bytes;
using wasm::ByteWriter;
using wasm::ExternKind;
using wasm::ModuleBuilder;
using wasm::Op;
using wasm::ValType;

namespace {

const Bytes kHeader = {0, 'a', 's', 'm', 1, 0, 0, 0};

Bytes Header(std::initializer_list<uint8_t> rest) {
  Bytes module = kHeader;
  module.insert(module.end(), rest);
  return module;
}

// The header and one section, its size as given.
Bytes Section(uint8_t id, uint32_t size, const Bytes& contents) {
  ByteWriter out;
  out.Raw(kHeader).Byte(id).U32(size).Raw(contents);
  return {out.bytes().begin(), out.bytes().end()};
}

Bytes Section(uint8_t id, const Bytes& contents) {
  return Section(id, static_cast<uint32_t>(contents.size()), contents);
}

// A function of no type but () -> () with this body.
Bytes WithBody(std::span<const uint8_t> body) {
  ModuleBuilder builder;
  builder.AddRawFunction(builder.AddType({}, {}), body);
  return builder.Build();
}

// Where a section ends, and so where a file may end.
std::set<size_t> SectionEnds(const Bytes& module) {
  std::set<size_t> ends = {8};
  for (size_t at = 8; at < module.size();) {
    uint64_t size = 0;
    size_t next = at + 1;
    for (int shift = 0;; shift += 7) {
      size |= uint64_t{module[next] & 0x7Fu} << shift;
      if ((module[next++] & 0x80) == 0) break;
    }
    at = next + size;
    ends.insert(at);
  }
  return ends;
}

}  // namespace

void Row1(Row& row) {
  row.Refused("empty", {}, {Code::kUnexpectedEnd, Code::kBadMagic});
  row.Refused("one byte", {0}, {Code::kUnexpectedEnd, Code::kBadMagic});
  row.Refused("half a header", {0, 'a', 's', 'm', 1, 0},
              {Code::kUnexpectedEnd});
}

// Each prefix lies in a block of its own size, so that a sanitizer sees a read
// behind it.
void Row2(Row& row) {
  const Bytes module = Generate(5).bytes;
  const std::set<size_t> ends = SectionEnds(module);
  uint32_t accepted = 0;
  for (size_t size = 0; size < module.size(); ++size) {
    const Bytes prefix(module.begin(),
                       module.begin() + static_cast<ptrdiff_t>(size));
    Status decoded;
    const auto program =
        runtime::Program::FromModule(prefix, Profile(), &decoded);
    ASSERT_TRUE(program.ok());
    const auto native = sandbox::CompileNatively(prefix, Profile(), Digest{});
    ASSERT_TRUE(native.ok());
    EXPECT_EQ(native->verdict.code, decoded.code) << size;
    EXPECT_EQ(native->verdict.offset, decoded.offset) << size;
    if (decoded.ok()) {
      ++accepted;
      EXPECT_TRUE(ends.contains(size)) << size;
      row.Saw("a module between sections");
    } else {
      EXPECT_LE(decoded.offset, size);
      row.Saw("refused");
    }
  }
  EXPECT_LT(accepted, ends.size());
  for (size_t size = 9; size < module.size(); size += module.size() / 20) {
    if (ends.contains(size)) continue;
    row.Refused("cut at " + std::to_string(size),
                Bytes(module.begin(),
                      module.begin() + static_cast<ptrdiff_t>(size)),
                {Code::kUnexpectedEnd, Code::kLengthOutOfBounds,
                 Code::kSectionSizeMismatch});
  }
}

void Row3(Row& row) {
  row.Refused("magic", {0, 'a', 's', 'n', 1, 0, 0, 0}, {Code::kBadMagic});
  row.Refused("version 2", {0, 'a', 's', 'm', 2, 0, 0, 0},
              {Code::kUnknownVersion});
  row.Refused("component", {0, 'a', 's', 'm', 0x0D, 0, 1, 0},
              {Code::kUnknownVersion});
}

void Row4(Row& row) {
  row.Refused("size of six bytes",
              Header({1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}),
              {Code::kIntegerTooLong});
  row.Refused("size with bits beyond 32",
              Header({1, 0x80, 0x80, 0x80, 0x80, 0x10}),
              {Code::kIntegerTooLarge});
  row.Refused("count of six bytes",
              Section(1, {0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0x60, 0, 0}),
              {Code::kIntegerTooLong});
  row.Refused("i32.const of six bytes",
              WithBody(Bytes{0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1A,
                             0x0B}),
              {Code::kIntegerTooLong});
  row.Refused("i32.const with bits that are not its sign",
              WithBody(Bytes{0, 0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x1A,
                             0x0B}),
              {Code::kIntegerTooLarge});
  row.Refused("i64.const of eleven bytes",
              WithBody(Bytes{0, 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                             0x80, 0x80, 0x80, 0x00, 0x1A, 0x0B}),
              {Code::kIntegerTooLong});
}

void Row5(Row& row) {
  Bytes contents = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
  contents.resize(contents.size() + 10);
  for (uint8_t id = 1; id <= 12; ++id) {
    if (id == 8) continue;  // the start section has no count
    row.Refused("section " + std::to_string(id), Section(id, contents),
                {Code::kLengthOutOfBounds, Code::kLimitTypes,
                 Code::kLimitImports, Code::kLimitFunctions, Code::kLimitTables,
                 Code::kMultipleMemories, Code::kLimitGlobals,
                 Code::kLimitExports, Code::kLimitElementSegments,
                 Code::kLimitDataSegments, Code::kFunctionCodeMismatch,
                 Code::kDataCountMismatch, Code::kSectionSizeMismatch});
  }
}

void Row6(Row& row) {
  row.Refused("section past the file", Section(1, 100, {0}),
              {Code::kLengthOutOfBounds});
  row.Refused("section longer than its contents", Section(1, {0, 0, 0}),
              {Code::kSectionSizeMismatch});
  row.Refused("section shorter than its contents",
              Section(1, 2, {1, 0x60, 0, 0}),
              {Code::kUnexpectedEnd, Code::kLengthOutOfBounds});
  // Type, function, code: a body said to be longer, then shorter.
  row.Refused("body past its section",
              Header({1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 4, 1, 9, 0, 0x0B}),
              {Code::kLengthOutOfBounds, Code::kUnexpectedEnd});
  row.Refused("body without its end",
              Header({1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 4, 1, 2, 0, 1}),
              {Code::kEndExpected});
  row.Refused("body behind its end",
              Header({1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 5, 1, 3, 0, 0x0B,
                      0x0B}),
              {Code::kCodeAfterEnd});
}

void Row7(Row& row) {
  row.Refused("twice", Header({1, 1, 0, 1, 1, 0}), {Code::kSectionOrder});
  row.Refused("out of order", Header({3, 1, 0, 1, 1, 0}),
              {Code::kSectionOrder});
  row.Refused("section 14", Header({14, 0}), {Code::kMalformedSectionId});
  row.Refused("function without body",
              Header({1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0}),
              {Code::kFunctionCodeMismatch});
  row.Refused("body without function", Header({10, 4, 1, 2, 0, 0x0B}),
              {Code::kFunctionCodeMismatch});
  row.Refused("data count without data", Header({12, 1, 1}),
              {Code::kDataCountMismatch});
}

void Row8(Row& row) {
  const auto named = [](std::string_view name) {
    ModuleBuilder builder;
    builder.AddMemory({1, 0, false});
    builder.AddExport(name, ExternKind::kMemory, 0);
    return builder.Build();
  };
  for (const char* name : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xE2\x82",
                           "\xF4\x90\x80\x80"}) {
    row.Refused("UTF-8", named(name), {Code::kMalformedUtf8});
  }
  row.Refused("custom section", Section(0, {2, 0xC3, 0x28}),
              {Code::kMalformedUtf8});
  row.Refused("name of 10 MB", named(std::string(10'000'000, 'n')),
              {Code::kLimitNameBytes});
  row.Bomb("custom_sections");
  row.Bomb("long_names");
  // A gigabyte of custom sections is refused by its size; what is allowed costs
  // little.
  ByteWriter out;
  out.Raw(kHeader);
  const Bytes megabyte(1 << 20);
  for (int i = 0; i < 16; ++i) {
    out.Byte(0).U32((1 << 20) + 2).Name("n").Raw(megabyte);
  }
  Bytes module(out.bytes().begin(), out.bytes().end());
  row.Accepted("16 MB of custom sections", module);
  module.resize((256u << 20) + 1);
  Status decoded;
  ASSERT_TRUE(runtime::Program::FromModule(std::move(module), Profile(),
                                           &decoded)
                  .ok());
  EXPECT_EQ(decoded.code, Code::kLimitModuleBytes);
  row.Saw("limit_module_bytes");
}

void Row10(Row& row) {
  const auto runs = [](std::initializer_list<uint32_t> counts) {
    ByteWriter body;
    body.U32(static_cast<uint32_t>(counts.size()));
    for (const uint32_t count : counts) body.U32(count).Type(ValType::kI64);
    body.Inst(Op::kEnd);
    return WithBody(body.bytes());
  };
  const std::set<Code> codes = {Code::kTooManyLocals, Code::kLimitLocals};
  row.Refused("sum 2^32", runs({0x80000000, 0x80000000}), codes);
  row.Refused("sum 2^32 + 5", runs({0xFFFFFFFF, 6}), codes);
  row.Refused("sum 2^33", runs({0xFFFFFFFF, 0xFFFFFFFF, 2}), codes);
  row.Refused("2^32 - 1", runs({0xFFFFFFFF}), codes);
  row.Refused("one more than allowed", runs({50'001}), {Code::kLimitLocals});
  row.Accepted("as many as allowed", runs({25'000, 25'000}));
}

}  // namespace ingot::fuzz
