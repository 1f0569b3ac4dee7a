// How a Go program embeds Ingot: see c/sample.c. In: the path of sample.wasm.
// Out: the lines of the C sample.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"

	"ingot.example/ingot"
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func half(c ingot.Caller, args, results []ingot.Value) ingot.HostResult {
	if !c.Charge(100) {
		return ingot.NoGas
	}
	if args[0].Bits%2 != 0 {
		c.SetError(1000, "")
		return ingot.UserError
	}
	results[0].Bits = args[0].Bits / 2
	return ingot.OK
}

func logLine(c ingot.Caller, args, _ []ingot.Value) ingot.HostResult {
	address, size := args[0].Bits, args[1].Bits
	if !c.Charge(10 + size) {
		return ingot.NoGas
	}
	if size > 256 {
		return ingot.Trap
	}
	line := make([]byte, size)
	if !c.Read(address, line) {
		return ingot.Trap
	}
	fmt.Printf("log: %s\n", line)
	return ingot.OK
}

func show(what string, o ingot.Outcome, result ingot.Value) {
	how := "out of gas"
	switch o.Kind {
	case ingot.Returned:
		how = fmt.Sprint("returned ", result.Bits)
	case ingot.Trapped:
		how = fmt.Sprintf("trapped, %s at byte %d", ingot.TrapName(o.Trap),
			o.Offset)
	case ingot.Reverted:
		how = fmt.Sprint("reverted, code ", o.RevertCode)
	}
	fmt.Printf("%s: %s, gas %d\n", what, how, o.GasUsed)
}

func main() {
	path := "sample.wasm"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	module := must(os.ReadFile(path))
	engine := must(ingot.NewEngine(ingot.Native))
	defer engine.Free()
	verdict := must(engine.Compile(module, 1_000_000_000))
	if verdict.Kind != 0 {
		fmt.Println("verdict:", verdict.CodeName)
		os.Exit(1)
	}
	fmt.Println("verdict: accepted")
	program := must(engine.Load(verdict.Artifact, module))
	defer program.Free()

	store := must(engine.NewStore())
	defer store.Free()
	i64 := []byte{ingot.I64}
	check(store.Define("host", "half", i64, i64, half))
	check(store.Define("host", "log", []byte{ingot.I32, ingot.I32}, nil,
		logLine))
	transaction := must(ingot.NewTransaction())
	defer transaction.Free()
	instance, _, err := store.Instantiate(program, transaction, 1_000_000)
	check(err)

	call := func(what, name string, gas uint64, args ...ingot.Value) {
		results := make([]ingot.Value, 1)
		outcome, err := store.Call(must(store.Find(instance, name)), args,
			results, transaction, gas)
		check(err)
		show(what, outcome, results[0])
	}
	call("run(82)", "run", 10000, ingot.Value{Type: ingot.I64, Bits: 82})
	call("run(7)", "run", 10000, ingot.Value{Type: ingot.I64, Bits: 7})
	call("run(7) with 50 gas", "run", 50, ingot.Value{Type: ingot.I64, Bits: 7})
	call("divide(1, 0)", "divide", 10000,
		ingot.Value{Type: ingot.I32, Bits: 1}, ingot.Value{Type: ingot.I32})

	// A call that nobody waits for: another goroutine ends it.
	go transaction.Cancel()
	_, err = store.Call(must(store.Find(instance, "spin")), nil, nil,
		transaction, ingot.GasMax)
	var fault *ingot.Error
	if errors.As(err, &fault) && fault.Status == ingot.Cancelled {
		fmt.Println("spin: cancelled")
	} else {
		fmt.Println("spin: ?")
	}
}
