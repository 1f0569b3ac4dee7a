// What a host function in Go costs beside an empty callback of cgo, in one run.
// In: the path of host_call.wasm (bench/startup/host_call.wat). Out: nanoseconds
// of thread time per call, the least of several rounds taken in turns, and their ratio.
package main

/*
#include <stdint.h>
#include <time.h>
extern void benchEmpty(void);
static void call_empty(uint64_t calls) {
  for (uint64_t i = 0; i < calls; ++i) benchEmpty();
}
static int64_t thread_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
*/
import "C"

import (
	"fmt"
	"log"
	"os"
	"runtime"

	"ingot.example/ingot"
)

const (
	calls  = 100_000
	rounds = 15
)

//export benchEmpty
func benchEmpty() {}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func least(best *float64, f func()) {
	begin := C.thread_nanoseconds()
	f()
	taken := float64(C.thread_nanoseconds()-begin) / calls
	if *best == 0 || taken < *best {
		*best = taken
	}
}

func main() {
	module, err := os.ReadFile(os.Args[1])
	check(err)
	engine, err := ingot.NewEngine(ingot.Native)
	check(err)
	verdict, err := engine.Compile(module, ingot.GasMax)
	check(err)
	program, err := engine.Load(verdict.Artifact, module)
	check(err)
	store, err := engine.NewStore()
	check(err)
	i32 := []byte{ingot.I32}
	check(store.Define("host", "next", i32, i32,
		func(_ ingot.Caller, args, results []ingot.Value) ingot.HostResult {
			results[0].Bits = args[0].Bits + 1
			return ingot.OK
		}))
	transaction, err := ingot.NewTransaction()
	check(err)
	instance, _, err := store.Instantiate(program, transaction, ingot.GasMax)
	check(err)
	run, err := store.Find(instance, "run")
	check(err)
	args := []ingot.Value{{Type: ingot.I32, Bits: calls}}
	results := make([]ingot.Value, 1)

	runtime.LockOSThread()
	var empty, host float64
	for i := 0; i < rounds; i++ {
		least(&empty, func() { C.call_empty(calls) })
		least(&host, func() {
			_, err := store.Call(run, args, results, transaction, ingot.GasMax)
			check(err)
		})
	}
	if results[0].Bits != calls {
		log.Fatal("the contract made other calls")
	}
	fmt.Printf("a host function in Go %.1f ns, an empty cgo callback %.1f ns, "+
		"ratio %.2f\n", host, empty, host/empty)
}
