// Go's runtime beside Ingot's signals: 64 goroutines call contracts with traps,
// out of gas, nested calls through Go and nil dereferences in Go, while the
// garbage collector and the profiler run all the time. In: the path of
// sample.wasm, the number of calls. Out: what they came to; exit code 1 unless
// every call ended as it must.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"

	"ingot.example/ingot"
)

const goroutines = 64

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A nil dereference is a panic of Go, also between two frames of wasm.
func nilPanics() (panicked bool) {
	defer func() {
		_, isError := recover().(runtime.Error)
		panicked = isError
	}()
	var nowhere *int
	return *nowhere == 0
}

// One goroutine's store, with a host function that nests calls.
type worker struct {
	store       *ingot.Store
	transaction *ingot.Transaction
	run, divide ingot.Function
	spin        ingot.Function
	garbage     []byte
}

func newWorker(e *ingot.Engine, p *ingot.Program) *worker {
	var w worker
	var err error
	w.store, err = e.NewStore()
	check(err)
	w.transaction, err = ingot.NewTransaction()
	check(err)
	i64 := []byte{ingot.I64}
	check(w.store.Define("host", "half", i64, i64, w.half))
	check(w.store.Define("host", "log", []byte{ingot.I32, ingot.I32}, nil,
		func(ingot.Caller, []ingot.Value, []ingot.Value) ingot.HostResult {
			return ingot.OK
		}))
	instance, _, err := w.store.Instantiate(p, w.transaction, ingot.GasMax)
	check(err)
	w.run, err = w.store.Find(instance, "run")
	check(err)
	w.divide, err = w.store.Find(instance, "divide")
	check(err)
	w.spin, err = w.store.Find(instance, "spin")
	check(err)
	return &w
}

// Counts down by calling the contract again, which calls this again; at 0 it
// traps in a nested call. Panics where it is told to.
func (w *worker) half(c ingot.Caller, args, results []ingot.Value) ingot.HostResult {
	n := args[0].Bits
	w.garbage = make([]byte, 1000+n)
	if !nilPanics() {
		return ingot.Fault
	}
	if n == 99 {
		panic("a host function's own")
	}
	if n == 0 {
		args := []ingot.Value{{Type: ingot.I32, Bits: 1}, {Type: ingot.I32}}
		outcome, err := c.Call(w.store, w.divide, args, results, 10000)
		if err != nil || outcome.Kind != ingot.Trapped {
			return ingot.Fault
		}
		return ingot.OK
	}
	args = []ingot.Value{{Type: ingot.I64, Bits: n - 1}}
	outcome, err := c.Call(w.store, w.run, args, results, ingot.GasMax)
	if err != nil || outcome.Kind != ingot.Returned {
		return ingot.Fault
	}
	return ingot.OK
}

// One call of each kind in turn; false when it did not end as it must.
func (w *worker) call(number uint64) bool {
	results := make([]ingot.Value, 1)
	one := func(n uint64) []ingot.Value {
		return []ingot.Value{{Type: ingot.I64, Bits: n}}
	}
	switch number % 4 {
	case 0: // nested three deep, with a trap at the bottom
		outcome, err := w.store.Call(w.run, one(2), results, w.transaction,
			ingot.GasMax)
		return err == nil && outcome.Kind == ingot.Returned &&
			results[0].Bits == 3
	case 1:
		args := []ingot.Value{{Type: ingot.I32, Bits: 1}, {Type: ingot.I32}}
		outcome, err := w.store.Call(w.divide, args, results, w.transaction,
			1000)
		return err == nil && outcome.Kind == ingot.Trapped &&
			outcome.Trap == 7
	case 2:
		outcome, err := w.store.Call(w.spin, nil, nil, w.transaction,
			200_000)
		return err == nil && outcome.Kind == ingot.OutOfGas &&
			outcome.GasUsed == 200_000
	default: // a panic of the host is a fault, and the store goes on
		_, err := w.store.Call(w.run, one(99), results, w.transaction,
			ingot.GasMax)
		return err != nil && nilPanics()
	}
}

func main() {
	module, err := os.ReadFile(os.Args[1])
	check(err)
	calls, err := strconv.ParseUint(os.Args[2], 10, 64)
	check(err)
	engine, err := ingot.NewEngine(ingot.Native)
	check(err)
	verdict, err := engine.Compile(module, ingot.GasMax)
	check(err)
	program, err := engine.Load(verdict.Artifact, module)
	check(err)

	check(pprof.StartCPUProfile(io.Discard))
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
			}
		}
	}()
	var wrong, made uint64
	var wait sync.WaitGroup
	for g := 0; g < goroutines; g++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			w := newWorker(engine, program)
			for {
				number := atomic.AddUint64(&made, 1)
				if number > calls {
					break
				}
				if !w.call(number) {
					atomic.AddUint64(&wrong, 1)
				}
			}
			w.store.Free()
			w.transaction.Free()
		}()
	}
	wait.Wait()
	close(done)
	pprof.StopCPUProfile()
	fmt.Printf("%d calls in %d goroutines, %d wrong\n", calls, goroutines,
		wrong)
	if wrong != 0 {
		os.Exit(1)
	}
}
