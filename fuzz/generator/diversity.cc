// Counts what validation found out about each body, and reads its instructions
// once more.

#include "fuzz/generator/diversity.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "compiler/base/check.h"
#include "compiler/wasm/operator_reader.h"
#include "runtime/program.h"

namespace ingot::fuzz {

using wasm::Op;

void Diversity::Largest::Add(uint64_t value) {
  sum += value;
  ++count;
  largest = std::max(largest, value);
}

std::string Diversity::Largest::Text() const {
  return absl::StrCat("mean ", count == 0 ? 0 : sum / count, ", largest ",
                      largest);
}

void Diversity::Add(const std::vector<uint8_t>& module) {
  Profile profile;
  profile.features = wasm::Features::kAll;
  Status rejection;
  const auto decoded =
      runtime::Program::FromModule(module, profile, &rejection);
  INGOT_CHECK(decoded.ok() && rejection.ok());
  const runtime::Program& program = **decoded;
  ++modules_;
  bytes_ += module.size();
  for (const wasm::FuncType& type : program.View(program.module().types)) {
    params_.Add(type.params);
    results_.Add(type.results);
  }
  for (const wasm::Body& body : program.View(program.module().bodies)) {
    height_.Add(body.max_height);
    locals_.Add(body.locals);
    wasm::OperatorReader reader(module.data(), body.code, body.end);
    uint64_t open = 0;
    uint64_t deepest = 0;
    for (wasm::Operator op; reader.Next(&op);) {
      ++ops_[wasm::OpIndex(op.op)];
      ++instructions_;
      if (op.op == Op::kBlock || op.op == Op::kLoop || op.op == Op::kIf) {
        deepest = std::max(deepest, ++open);
      } else if (op.op == Op::kEnd && open != 0) {
        --open;
      } else if (op.op == Op::kBrTable) {
        labels_.Add(op.a);
      }
    }
    depth_.Add(deepest);
  }
}

std::vector<std::string> Diversity::Missing() const {
  std::vector<std::string> missing;
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    if (ops_[i] == 0) missing.push_back(wasm::kOpInfo[i].text);
  }
  return missing;
}

std::string Diversity::Report(Detail detail) const {
  std::string text = absl::StrCat(
      modules_, " modules, ", bytes_, " bytes, ", instructions_,
      " instructions\n  blocks open: ", depth_.Text(),
      "\n  operands alive: ", height_.Text(), "\n  locals: ", locals_.Text(),
      "\n  labels of br_table: ", labels_.Text(),
      "\n  parameters: ", params_.Text(), "\n  results: ", results_.Text(),
      "\n");
  if (detail == Detail::kSummary) return text;
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    absl::StrAppend(&text, "  ", wasm::kOpInfo[i].text, " ", ops_[i], "\n");
  }
  return text;
}

}  // namespace ingot::fuzz
