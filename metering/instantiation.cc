#include "metering/instantiation.h"

// Every item is counted by what the module says of it, never by what making
// it did: the fee is known before the instance exists. Passive data costs
// nothing by size until memory.init copies it; the elements of passive and
// declarative segments are evaluated at instantiation and do.

namespace ingot {

Gas InstantiationFee(const GasSchedule& schedule, const Arena& arena,
                     const wasm::Module& module) {
  Gas sum = FeeFor(schedule.instance, 1);
  const auto add = [&sum](const Fee& fee, uint32_t items) {
    sum = sum.SaturatingAdd(FeeFor(fee, items));
  };
  add(schedule.instance_functions, module.functions.size);
  add(schedule.instance_imports, module.imports.size);
  add(schedule.instance_exports, module.exports.size);
  add(schedule.instance_globals,
      module.globals.size - module.imported_globals);
  for (uint32_t i = module.imported_memories; i < module.memories.size; ++i) {
    add(schedule.instance_memory_pages, arena.Get(module.memories, i).min);
  }
  for (uint32_t i = module.imported_tables; i < module.tables.size; ++i) {
    add(schedule.instance_table_elements,
        arena.Get(module.tables, i).limits.min);
  }
  add(schedule.instance_data_segments, module.data.size);
  for (const wasm::DataSegment& segment : arena.View(module.data)) {
    if (segment.mode == wasm::SegmentMode::kActive) {
      add(schedule.instance_data_bytes, segment.bytes.size);
    }
  }
  add(schedule.instance_element_segments, module.elements.size);
  for (const wasm::ElementSegment& segment : arena.View(module.elements)) {
    add(schedule.instance_elements, segment.count);
  }
  return sum;
}

}  // namespace ingot
