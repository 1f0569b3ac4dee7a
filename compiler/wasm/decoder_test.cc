#include "compiler/wasm/decoder.h"

#include <string>
#include <vector>

#include "compiler/wasm/byte_writer.h"
#include "compiler/wasm/module_builder.h"
#include "compiler/wasm/test_module.h"
#include "gtest/gtest.h"

// The binary format: what a Module says of a good one, and a case for every
// way in which a module can be malformed or use what is not supported.

namespace ingot::wasm {
namespace {

using Bytes8 = std::vector<uint8_t>;

// A module of the given sections: {id, contents…}.
std::vector<uint8_t> Sections(const std::vector<Bytes8>& sections) {
  ByteWriter out;
  out.Raw(Bytes8{0, 'a', 's', 'm', 1, 0, 0, 0});
  for (const Bytes8& section : sections) {
    out.Byte(section[0]).U32(static_cast<uint32_t>(section.size() - 1));
    out.Raw(std::span(section).subspan(1));
  }
  return out.Take();
}

Status StatusOf(const std::vector<Bytes8>& sections,
                const TestOptions& options = {}) {
  return TestModule(Sections(sections), options).status();
}

Code CodeOf(const std::vector<Bytes8>& sections,
            const TestOptions& options = {}) {
  return StatusOf(sections, options).code;
}

Code HeaderCode(const Bytes8& bytes) { return TestModule(bytes).code(); }

// [] -> [] as the only type.
const Bytes8 kType = {1, 1, 0x60, 0, 0};

TEST(DecoderTest, ReadsTheSmallestModule) {
  TestModule test(Sections({}));
  EXPECT_TRUE(test.status().ok());
  EXPECT_EQ(test.module().kept_sections.size, 0u);
  EXPECT_EQ(test.module().start, 0xFFFFFFFFu);
}

TEST(DecoderTest, ReadsEveryDeclaration) {
  ModuleBuilder builder;
  const uint32_t none = builder.AddType({}, {});
  const uint32_t type = builder.AddType({ValType::kI32, ValType::kF64},
                                        {ValType::kI64});
  builder.ImportFunction("host", "f", type);
  builder.ImportGlobal("host", "g", {ValType::kI32, false});
  builder.ImportMemory("host", "m", {1, 2, true});
  builder.ImportTable("host", "t", {ValType::kExternRef, {3, 0, false}});
  const uint32_t start = builder.AddFunction(
      none, {{2, ValType::kI64}, {0, ValType::kF32}, {1, ValType::kFuncRef}},
      ByteWriter().Inst(Op::kEnd).bytes());
  const uint32_t table =
      builder.AddTable({ValType::kFuncRef, {10, 20, true}});
  builder.AddGlobal({ValType::kF32, true},
                    ByteWriter().F32Const(7).Inst(Op::kEnd).bytes());
  builder.AddExport("start", ExternKind::kFunc, start);
  builder.SetStart(start);
  const auto at1 = ByteWriter().I32Const(1).Inst(Op::kEnd).Take();
  builder.AddElements(SegmentMode::kActive, table, at1,
                      std::vector<uint32_t>{0, start});
  builder.AddDataCount();
  builder.AddData(SegmentMode::kPassive, 0, {}, Bytes8{9, 8, 7});
  TestModule test(builder.Build());
  ASSERT_TRUE(test.status().ok()) << test.name();
  const Module& module = test.module();
  const Arena& arena = test.arena();
  EXPECT_EQ(module.types.size, 2u);
  EXPECT_EQ(arena.Get(module.types, 1).params, 2);
  EXPECT_EQ(arena.Get(module.types, 1).results, 1);
  EXPECT_EQ(module.imports.size, 4u);
  EXPECT_EQ(arena.Get(module.imports, 3).kind, ExternKind::kTable);
  EXPECT_EQ(module.functions.size, 2u);
  EXPECT_EQ(module.imported_functions, 1u);
  EXPECT_EQ(arena.Get(module.functions, 0), type);
  EXPECT_EQ(arena.Get(module.memories, 0).max, 2u);
  EXPECT_EQ(arena.Get(module.tables, 0).element, ValType::kExternRef);
  EXPECT_FALSE(arena.Get(module.tables, 0).limits.has_max);
  EXPECT_EQ(arena.Get(module.tables, 1).limits.max, 20u);
  EXPECT_TRUE(arena.Get(module.globals, 1).type.is_mutable);
  EXPECT_EQ(arena.Get(module.globals, 1).init.count, 1u);
  EXPECT_EQ(module.start, start);
  EXPECT_EQ(arena.Get(module.elements, 0).count, 2u);
  EXPECT_TRUE(module.has_data_count);
  EXPECT_EQ(arena.Get(module.data, 0).mode, SegmentMode::kPassive);
  EXPECT_EQ(arena.Get(module.data, 0).bytes.size, 3u);
  EXPECT_EQ(test.body(0).locals, 3u);
  EXPECT_EQ(test.body(0).runs, 2u);  // empty runs are dropped
  EXPECT_EQ(test.body(0).function, start);
  // All sections but the code section are kept.
  EXPECT_EQ(module.kept_sections.size, 10u);
}

TEST(DecoderTest, KeptSectionsAreAModuleWithoutCode) {
  ModuleBuilder builder;
  const uint32_t type = builder.AddType({}, {});
  builder.AddFunction(type, {}, ByteWriter().Inst(Op::kEnd).bytes());
  builder.AddMemory({1, 0, false});
  builder.AddData(SegmentMode::kActive, 0,
                  ByteWriter().I32Const(0).Inst(Op::kEnd).bytes(), Bytes8{1});
  const std::vector<uint8_t> whole = builder.Build();
  TestModule test(whole);
  ASSERT_TRUE(test.status().ok());
  Bytes8 kept(whole.begin(), whole.begin() + 8);
  for (const Bytes& section :
       test.arena().View(test.module().kept_sections)) {
    kept.insert(kept.end(), whole.begin() + section.offset,
                whole.begin() + section.offset + section.size);
  }
  EXPECT_EQ(TestModule(kept).code(), Code::kFunctionCodeMismatch);
  TestOptions options;
  options.mode = DecodeMode::kWithoutCode;
  TestModule without(kept, options);
  EXPECT_TRUE(without.status().ok()) << without.name();
  EXPECT_EQ(without.module().functions.size, 1u);
  EXPECT_EQ(without.module().bodies.size, 0u);
  EXPECT_EQ(TestModule(whole, options).code(), Code::kUnexpectedCode);
}

TEST(DecoderTest, RefusesBadHeaders) {
  EXPECT_EQ(HeaderCode({}), Code::kBadMagic);
  EXPECT_EQ(HeaderCode({0}), Code::kBadMagic);
  EXPECT_EQ(HeaderCode({'(', 'm', 'o', 'd', 'u', 'l', 'e', ')'}),
            Code::kBadMagic);
  EXPECT_EQ(HeaderCode({0, 'a', 's', 'm'}), Code::kUnexpectedEnd);
  EXPECT_EQ(HeaderCode({0, 'a', 's', 'm', 2, 0, 0, 0}), Code::kUnknownVersion);
  // A component.
  EXPECT_EQ(HeaderCode({0, 'a', 's', 'm', 0x0D, 0, 1, 0}),
            Code::kUnknownVersion);
}

TEST(DecoderTest, RefusesBadSections) {
  EXPECT_EQ(CodeOf({{14}}), Code::kMalformedSectionId);
  EXPECT_EQ(CodeOf({{13}}), Code::kUnsupportedExceptions);
  EXPECT_EQ(CodeOf({kType, kType}), Code::kSectionOrder);
  EXPECT_EQ(CodeOf({{3, 0}, kType}), Code::kSectionOrder);
  EXPECT_EQ(CodeOf({{1, 0, 0}}), Code::kSectionSizeMismatch);
  Bytes8 cut = Sections({kType});
  cut.pop_back();
  EXPECT_EQ(TestModule(cut).code(), Code::kLengthOutOfBounds);
  EXPECT_EQ(CodeOf({{1, 1, 0x60, 0}}), Code::kUnexpectedEnd);
}

TEST(DecoderTest, PassesOverCustomSectionsButChecksTheirNames) {
  EXPECT_EQ(CodeOf({{0, 1, 'x', 1, 2}, kType, {0, 0}}), Code::kOk);
  EXPECT_EQ(CodeOf({{0}}), Code::kUnexpectedEnd);
  EXPECT_EQ(CodeOf({{0, 1, 0xFF}}), Code::kMalformedUtf8);
  EXPECT_EQ(CodeOf({{0, 5, 'x'}}), Code::kLengthOutOfBounds);
}

TEST(DecoderTest, CountsAreComparedWithTheBytesBeforeAllocation) {
  for (uint8_t id : {1, 2, 3, 4, 5, 6, 7, 9, 10, 11}) {
    TestOptions options;
    options.arena_pages = 2;
    EXPECT_EQ(CodeOf({{id, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0}}, options),
              Code::kLengthOutOfBounds)
        << int{id};
  }
}

TEST(DecoderTest, RefusesMalformedNumbers) {
  EXPECT_EQ(CodeOf({{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0}}),
            Code::kIntegerTooLong);
  EXPECT_EQ(CodeOf({{1, 0x80, 0x80, 0x80, 0x80, 0x70}}),
            Code::kIntegerTooLarge);
}

TEST(DecoderTest, ChecksUtf8) {
  const auto name_code = [](Bytes8 name) {
    Bytes8 section = {2, 1, static_cast<uint8_t>(name.size())};
    section.insert(section.end(), name.begin(), name.end());
    section.insert(section.end(), {0, 0, 0});
    return CodeOf({kType, section});
  };
  EXPECT_EQ(name_code({'a', 0xC2, 0x80, 0xDF, 0xBF}), Code::kOk);
  EXPECT_EQ(name_code({0xE0, 0xA0, 0x80, 0xEF, 0xBF, 0xBF}), Code::kOk);
  EXPECT_EQ(name_code({0xF0, 0x90, 0x80, 0x80}), Code::kOk);
  EXPECT_EQ(name_code({0xF4, 0x8F, 0xBF, 0xBF}), Code::kOk);
  for (const Bytes8& bad : std::vector<Bytes8>{
           {0x80},                    // a tail alone
           {0xC0, 0x80},              // overlong
           {0xC1, 0xBF},
           {0xC2},                    // cut off
           {0xC2, 0x41},
           {0xE0, 0x9F, 0xBF},        // overlong
           {0xE1, 0x80},
           {0xED, 0xA0, 0x80},        // surrogate
           {0xF0, 0x8F, 0xBF, 0xBF},  // overlong
           {0xF0, 0x90, 0x80},
           {0xF4, 0x90, 0x80, 0x80},  // beyond U+10FFFF
           {0xF5, 0x80, 0x80, 0x80},
           {0xFF}}) {
    EXPECT_EQ(name_code(bad), Code::kMalformedUtf8) << int{bad[0]};
  }
}

TEST(DecoderTest, RefusesMalformedTypes) {
  EXPECT_EQ(CodeOf({{1, 1, 0x61, 0, 0}}), Code::kMalformedTypeForm);
  EXPECT_EQ(CodeOf({{1, 1, 0x5F, 0}}), Code::kUnsupportedGc);
  EXPECT_EQ(CodeOf({{1, 1, 0x60, 1, 0x7A, 0}}), Code::kMalformedValueType);
  EXPECT_EQ(CodeOf({{1, 1, 0x60, 1, 0x7B, 0}}), Code::kUnsupportedSimd);
  EXPECT_EQ(CodeOf({{1, 1, 0x60, 1, 0x69, 0}}), Code::kUnsupportedExceptions);
  EXPECT_EQ(CodeOf({{1, 1, 0x60, 1, 0x64, 0x70, 0}}),
            Code::kUnsupportedFunctionReferences);
}

TEST(DecoderTest, RefusesMalformedImportsAndExports) {
  EXPECT_EQ(CodeOf({kType, {2, 1, 0, 0, 5, 0}}), Code::kMalformedImportKind);
  EXPECT_EQ(CodeOf({kType, {2, 1, 0, 0, 4, 0, 0}}),
            Code::kUnsupportedExceptions);
  EXPECT_EQ(CodeOf({kType, {2, 1, 0, 0, 0, 1}}), Code::kUnknownType);
  EXPECT_EQ(CodeOf({{7, 1, 0, 5, 0}}), Code::kMalformedExportKind);
  EXPECT_EQ(CodeOf({{7, 1, 0, 4, 0}}), Code::kUnsupportedExceptions);
  EXPECT_EQ(CodeOf({kType, {3, 1, 1}}), Code::kUnknownType);
}

TEST(DecoderTest, RefusesMalformedTablesAndMemories) {
  EXPECT_EQ(CodeOf({{4, 1, 0x7F, 0, 0}}), Code::kMalformedReferenceType);
  EXPECT_EQ(CodeOf({{4, 1, 0x40, 0, 0x70, 0, 0}}),
            Code::kUnsupportedTableInit);
  EXPECT_EQ(CodeOf({{4, 1, 0x70, 1, 5, 4}}), Code::kLimitsOrder);
  EXPECT_EQ(CodeOf({{5, 1, 1, 5, 4}}), Code::kLimitsOrder);
  EXPECT_EQ(CodeOf({{5, 1, 0x10, 0}}), Code::kMalformedLimitsFlags);
  EXPECT_EQ(CodeOf({{5, 1, 0x81, 0, 0, 0}}), Code::kIntegerTooLong);
  EXPECT_EQ(CodeOf({{5, 1, 3, 1, 1}}), Code::kUnsupportedThreads);
  EXPECT_EQ(CodeOf({{5, 1, 4, 0}}), Code::kUnsupportedMemory64);
  EXPECT_EQ(CodeOf({{5, 1, 8, 0, 0}}), Code::kUnsupportedCustomPageSizes);
  EXPECT_EQ(CodeOf({{5, 1, 0, 0x81, 0x80, 0x04}}), Code::kMemorySize);
  EXPECT_EQ(CodeOf({{5, 1, 1, 0, 0x81, 0x80, 0x04}}), Code::kMemorySize);
  EXPECT_EQ(CodeOf({{5, 1, 1, 0, 0x80, 0x80, 0x04}}), Code::kOk);
  EXPECT_EQ(CodeOf({{5, 2, 0, 0, 0, 0}}), Code::kMultipleMemories);
  EXPECT_EQ(CodeOf({{2, 2, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0}}),
            Code::kMultipleMemories);
  EXPECT_EQ(CodeOf({{2, 1, 0, 0, 2, 0, 0}, {5, 1, 0, 0}}),
            Code::kMultipleMemories);
}

TEST(DecoderTest, RefusesMalformedGlobals) {
  EXPECT_EQ(CodeOf({{6, 1, 0x7F, 2, 0x41, 0, 0x0B}}),
            Code::kMalformedMutability);
  EXPECT_EQ(CodeOf({{6, 1, 0x7F, 0, 0x41, 0}}), Code::kUnexpectedEnd);
  EXPECT_EQ(CodeOf({{6, 1, 0x7F, 0, 0x41, 0, 0x45, 0x0B}}),
            Code::kConstantRequired);
  EXPECT_EQ(CodeOf({{6, 1, 0x7F, 0, 0xFF, 0x0B}}), Code::kIllegalOpcode);
  EXPECT_EQ(CodeOf({{6, 1, 0x7F, 0, 0x41, 0, 0x41, 0, 0x6A, 0x0B}}),
            Code::kUnsupportedExtendedConst);
}

TEST(DecoderTest, ReadsExtendedConstantExpressionsAsAFeature) {
  TestOptions options;
  options.features.bits = Features::kExtendedConst;
  for (uint8_t op : {0x6A, 0x6B, 0x6C}) {
    EXPECT_EQ(CodeOf({{6, 1, 0x7F, 0, 0x41, 1, 0x41, 2, op, 0x0B}}, options),
              Code::kOk);
  }
  for (uint8_t op : {0x7C, 0x7D, 0x7E}) {
    EXPECT_EQ(CodeOf({{6, 1, 0x7E, 0, 0x42, 1, 0x42, 2, op, 0x0B}}, options),
              Code::kOk);
    EXPECT_EQ(CodeOf({{6, 1, 0x7E, 0, 0x42, 1, 0x41, 2, op, 0x0B}}, options),
              Code::kTypeMismatch);
  }
}

TEST(DecoderTest, RefusesMalformedSegments) {
  EXPECT_EQ(CodeOf({{9, 1, 8, 0}}), Code::kMalformedElementSegment);
  EXPECT_EQ(CodeOf({{9, 1, 1, 1, 0}}), Code::kMalformedElementSegment);
  EXPECT_EQ(CodeOf({{9, 1, 5, 0x7F, 0}}), Code::kMalformedReferenceType);
  EXPECT_EQ(CodeOf({{11, 1, 3, 0}}), Code::kMalformedDataSegment);
  EXPECT_EQ(CodeOf({{11, 1, 1, 5, 0}}), Code::kLengthOutOfBounds);
}

TEST(DecoderTest, ReadsAllKindsOfElementSegments) {
  // Table 0 of functions, function 0 of type 0; kinds 0 to 7 in turn.
  const Bytes8 code = {10, 1, 2, 0, 0x0B};
  const Bytes8 table = {4, 1, 0x70, 0, 1};
  const std::vector<Bytes8> kinds = {
      {9, 1, 0, 0x41, 0, 0x0B, 1, 0},
      {9, 1, 1, 0, 1, 0},
      {9, 1, 2, 0, 0x41, 0, 0x0B, 0, 1, 0},
      {9, 1, 3, 0, 1, 0},
      {9, 1, 4, 0x41, 0, 0x0B, 1, 0xD2, 0, 0x0B},
      {9, 1, 5, 0x70, 1, 0xD0, 0x70, 0x0B},
      {9, 1, 6, 0, 0x41, 0, 0x0B, 0x70, 1, 0xD2, 0, 0x0B},
      {9, 1, 7, 0x6F, 1, 0xD0, 0x6F, 0x0B}};
  for (uint32_t i = 0; i < 8; ++i) {
    TestModule test(Sections({kType, {3, 1, 0}, table, kinds[i], code}));
    ASSERT_TRUE(test.status().ok()) << i << " " << test.name();
    const ElementSegment& segment =
        test.arena().Get(test.module().elements, 0);
    EXPECT_EQ(segment.count, 1u);
    EXPECT_EQ(segment.mode, i % 2 == 0   ? SegmentMode::kActive
                            : i % 4 == 1 ? SegmentMode::kPassive
                                         : SegmentMode::kDeclarative);
    EXPECT_EQ(segment.offset.count, i % 2 == 0 ? 1u : 0u);
  }
}

TEST(DecoderTest, RefusesInconsistentCounts) {
  const Bytes8 one = {3, 1, 0};
  EXPECT_EQ(CodeOf({kType, one}), Code::kFunctionCodeMismatch);
  EXPECT_EQ(CodeOf({kType, one, {10, 0}}), Code::kFunctionCodeMismatch);
  EXPECT_EQ(CodeOf({kType, {10, 1, 2, 0, 0x0B}}), Code::kFunctionCodeMismatch);
  EXPECT_EQ(CodeOf({{12, 1}}), Code::kDataCountMismatch);
  EXPECT_EQ(CodeOf({{12, 1}, {11, 0}}), Code::kDataCountMismatch);
  EXPECT_EQ(CodeOf({{12, 0}}), Code::kOk);
}

TEST(DecoderTest, RefusesBadBodies) {
  const Bytes8 one = {3, 1, 0};
  // The body runs past its section.
  EXPECT_EQ(CodeOf({kType, one, {10, 1, 3, 0, 0x0B}}),
            Code::kLengthOutOfBounds);
  EXPECT_EQ(CodeOf({kType, one, {10, 1, 2, 0, 0x0B, 0}}),
            Code::kSectionSizeMismatch);
  // Runs of locals that add up to 2^32.
  const Bytes8 wrap = {10,   1,    10,   2,    0xFF, 0xFF, 0xFF,
                       0xFF, 0x0F, 0x7F, 0x01, 0x7F, 0x0B};
  EXPECT_EQ(CodeOf({kType, one, wrap}), Code::kTooManyLocals);
  const Status locals =
      StatusOf({kType, one, {10, 1, 7, 1, 0xD1, 0x86, 0x03, 0x7F, 0x0B, 0x0B}});
  EXPECT_EQ(locals.code, Code::kLimitLocals);
  EXPECT_EQ(locals.function, 0u);
}

TEST(DecoderTest, StartMustExist) {
  EXPECT_EQ(CodeOf({{8, 0}}), Code::kUnknownFunction);
  EXPECT_EQ(CodeOf({{8, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}}),
            Code::kUnknownFunction);
}

TEST(DecoderTest, ErrorsAreLocated) {
  // Type section at 8, contents from 10; the form of its second type.
  EXPECT_EQ(StatusOf({{1, 2, 0x60, 0, 0, 0x61}}).offset, 14u);
  EXPECT_EQ(StatusOf({kType, {2, 1, 0, 0, 9, 0}}).offset, 19u);
  EXPECT_EQ(TestModule({0, 'a', 's', 'm', 2, 0, 0, 0}).status().offset, 4u);
}

TEST(DecoderTest, RunningOutOfMemoryIsItsOwnVerdict) {
  TestOptions options;
  options.arena_pages = 1;
  Bytes8 functions = {3, 0x80, 0x80, 0x04};
  functions.resize(functions.size() + 65536);
  EXPECT_EQ(CodeOf({kType, functions}, options), Code::kOutOfMemory);
}

}  // namespace
}  // namespace ingot::wasm
