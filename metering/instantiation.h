#ifndef METERING_INSTANTIATION_H_
#define METERING_INSTANTIATION_H_

#include "compiler/base/arena.h"
#include "compiler/wasm/module.h"
#include "metering/gas.h"
#include "metering/gas_schedule.h"

// What making an instance costs (metering/README.md, instantiation).

namespace ingot {

// The sum of the fees of all items of an instance of a valid module, taken
// before any of them is made: the instance, its functions, imports, exports,
// its own globals, memory pages and table elements at their minimum, its
// data segments and the bytes of active ones, its element segments and their
// elements.
Gas InstantiationFee(const GasSchedule& schedule, const Arena& arena,
                     const wasm::Module& module);

}  // namespace ingot

#endif  // METERING_INSTANTIATION_H_
