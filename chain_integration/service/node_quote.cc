// CompilerService.Quote. In: a module. Out: bounds of its compile gas and what
// asking used. Holds: the plan runs metered in a worker, as a compilation does;
// nothing is kept, and a quote is never taken for a verdict.

#include <optional>

#include "chain_integration/service/faults.h"
#include "chain_integration/service/node.h"
#include "chain_integration/service/wire.h"

namespace ingot::service {
namespace {

v1::QuoteResponse QuoteToWire(const sandbox::QuoteReply& quote) {
  const v1::Verdict verdict = VerdictToWire(quote.verdict, 0);
  v1::QuoteResponse response;
  response.set_lower_gas(quote.lower_gas);
  response.set_upper_gas(quote.upper_gas);
  response.set_quote_gas(quote.quote_gas);
  response.set_kind(verdict.kind());
  response.set_code(verdict.code());
  if (verdict.has_function()) response.set_function(verdict.function());
  if (verdict.has_offset()) response.set_offset(verdict.offset());
  return response;
}

}  // namespace

absl::StatusOr<v1::QuoteResponse> Node::Answer(const v1::QuoteRequest& request,
                                               Call& call) {
  const auto target = targets_->Find(request.target());
  if (!target.ok()) return target.status();
  if ((*target)->workers == nullptr) {
    return Fault(v1::FAULT_REASON_UNSUPPORTED, "this node has no workers");
  }
  std::span<const uint8_t> bytes = SpanOf(request.module_bytes());
  std::shared_ptr<const store::StoredFile> stored;
  switch (request.module_case()) {
    case v1::QuoteRequest::kModuleBytes:
      if (bytes.size() > options_.max_module_bytes) {
        return Fault(v1::FAULT_REASON_TOO_LARGE, "the module is too large");
      }
      break;
    case v1::QuoteRequest::kModuleSha256: {
      const auto digest = DigestFrom(request.module_sha256(), "module_sha256");
      if (!digest.ok()) return digest.status();
      const auto module = store_->Module(*digest);
      if (!module.ok()) {
        return StoreFault(module.status(), v1::FAULT_REASON_UNKNOWN_MODULE,
                          call);
      }
      stored = *module;
      bytes = stored->bytes();
      break;
    }
    default:
      return Fault(v1::FAULT_REASON_BAD_REQUEST,
                   "module: neither its bytes nor its digest");
  }
  const uint64_t limit = GasLimitFrom(request.has_gas_limit()
                                          ? std::optional(request.gas_limit())
                                          : std::nullopt);
  return RunBesideCache(call, [&]() -> absl::StatusOr<v1::QuoteResponse> {
    const auto quote = (*target)->workers->Quote(
        bytes, (*target)->profile->profile, limit);
    if (!quote.ok()) {
      return AsFault(quote.status(), v1::FAULT_REASON_WORKER_LOST);
    }
    NoteVerdict(quote->verdict);
    return QuoteToWire(*quote);
  });
}

}  // namespace ingot::service
