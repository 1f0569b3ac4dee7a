// matrix.c in Go: every answer of a host function, for every import, under 50
// gas limits, equal on both engines. In: the path of matrix.wasm. Out: the
// number of cases; exit code 1 and a line per difference.
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"

	"ingot.example/ingot"
)

const limits = 50

var answers = []ingot.HostResult{ingot.OK, ingot.UserError, ingot.Trap,
	ingot.NoGas, ingot.Fault, ingot.Revert, 99}

var imports = []struct {
	name            string
	params, results []byte
}{
	{"none", nil, nil},
	{"i32", []byte{ingot.I32}, []byte{ingot.I32}},
	{"i64", []byte{ingot.I64, ingot.F64}, []byte{ingot.I64}},
	{"float", []byte{ingot.F32}, []byte{ingot.F64}},
	{"memory", []byte{ingot.I32, ingot.I32}, nil},
	{"many", []byte{ingot.I64, ingot.I64, ingot.I64, ingot.I64, ingot.I64,
		ingot.I64, ingot.I64, ingot.I64}, []byte{ingot.I64, ingot.I64}},
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func answer(told ingot.HostResult) ingot.HostFunction {
	return func(c ingot.Caller, args, results []ingot.Value) ingot.HostResult {
		if !c.Charge(7 + uint64(len(args))) {
			return ingot.NoGas
		}
		left := c.GasLeft()
		var bytes [8]byte
		binary.LittleEndian.PutUint64(bytes[:], left)
		c.Copy(8, 9, 4)
		c.Write(16, bytes[:])
		if c.Write(65536-7, bytes[:]) {
			return ingot.Fault
		}
		for i := range results {
			results[i].Bits = left + uint64(i)
			for _, arg := range args {
				results[i].Bits += arg.Bits
			}
		}
		switch told {
		case ingot.UserError:
			c.SetError(77, "")
		case ingot.Trap:
			c.SetError(8, "")
		case ingot.Revert:
			c.SetError(1234, "no")
		}
		return told
	}
}

// What of a call must be equal in both engines.
type observed struct {
	fault   int32
	outcome ingot.Outcome
	result  uint64
	memory  string
}

func observe(e *ingot.Engine, p *ingot.Program, number int,
	told ingot.HostResult, limit uint64) (seen observed) {
	store, err := e.NewStore()
	check(err)
	defer store.Free()
	for _, i := range imports {
		check(store.Define("host", i.name, i.params, i.results, answer(told)))
	}
	transaction, err := ingot.NewTransaction()
	check(err)
	defer transaction.Free()
	instance, _, err := store.Instantiate(p, transaction, ingot.GasMax)
	check(err)
	function, err := store.Find(instance, fmt.Sprint(number))
	check(err)
	results := make([]ingot.Value, 1)
	outcome, err := store.Call(function, nil, results, transaction, limit)
	if err != nil {
		seen.fault = err.(*ingot.Error).Status
		return
	}
	seen.outcome = outcome
	// After an out of gas the memory means nothing.
	if outcome.Kind != ingot.OutOfGas {
		seen.result = results[0].Bits
		memory := make([]byte, 128)
		store.ReadMemory(instance, 0, memory)
		seen.memory = string(memory)
	}
	return
}

func main() {
	path := "matrix.wasm"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	module, err := os.ReadFile(path)
	check(err)
	native, err := ingot.NewEngine(ingot.Native)
	check(err)
	oracle, err := ingot.NewEngine(ingot.Interpreter)
	check(err)
	verdict, err := native.Compile(module, ingot.GasMax)
	check(err)
	code, err := native.Load(verdict.Artifact, module)
	check(err)
	bodies, err := oracle.Load(nil, module)
	check(err)
	cases, returned, differences := 0, 0, 0
	for number := range imports {
		whole := observe(oracle, bodies, number, ingot.OK, ingot.GasMax)
		gas := whole.outcome.GasUsed
		for _, told := range answers {
			for i := uint64(0); i < limits; i++ {
				limit := gas * i / (limits / 2)
				if i >= limits/2 {
					limit = gas + i + 4 - limits
				}
				seen := observe(native, code, number, told, limit)
				wanted := observe(oracle, bodies, number, told, limit)
				cases++
				if seen.fault == 0 && seen.outcome.Kind == ingot.Returned {
					returned++
				}
				if seen != wanted {
					differences++
					fmt.Printf("import %d, answer %d, limit %d: the engines "+
						"differ\n", number, told, limit)
				}
			}
		}
	}
	fmt.Printf("%d cases, %d returned; %d differences\n", cases, returned,
		differences)
	if differences != 0 {
		os.Exit(1)
	}
}
