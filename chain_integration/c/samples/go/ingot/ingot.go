// Package ingot is Ingot's C interface for Go, by cgo: compile contracts under
// gas, load them verified, call them with exact gas and host functions in Go.
//
// Threads: an Engine and a Program may be used by any number of goroutines at a
// time, a Store, its instances and a Transaction by one. Transaction.Cancel may
// come from any. A call stays on its thread, as every cgo call does, and so do
// the host functions that it calls.
//
// Signals: the library chains to Go's handlers, so that a nil dereference in Go
// stays a panic and profiling and preemption work while contracts run.
package ingot

/*
#cgo pkg-config: ingot
#include <ingot.h>
#include <stdlib.h>

extern int32_t ingotGoCallback(uintptr_t, ingot_caller*, ingot_value*, size_t,
                               ingot_value*, size_t);
extern void ingotGoDrop(uintptr_t);

// C knows a function of Go by a number, which Go must not see as a pointer: its
// collector would stumble over it.
static int32_t callback(void* data, ingot_caller* caller,
                        const ingot_value* args, size_t arg_count,
                        ingot_value* results, size_t result_count) {
  return ingotGoCallback((uintptr_t)data, caller, (ingot_value*)args,
                         arg_count, results, result_count);
}
static void drop(void* data) { ingotGoDrop((uintptr_t)data); }
static ingot_status define(ingot_store* store, const char* module,
                           const char* name, const uint8_t* params,
                           size_t param_count, const uint8_t* results,
                           size_t result_count, uintptr_t data,
                           ingot_error** error) {
  return ingot_store_define(store, module, name, params, param_count, results,
                            result_count, callback, (void*)data, drop,
                            error);
}
*/
import "C"

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Types of values.
const (
	I32 = C.INGOT_I32
	I64 = C.INGOT_I64
	F32 = C.INGOT_F32
	F64 = C.INGOT_F64
)

// GasMax is the greatest gas limit.
const GasMax = uint64(1) << 62

// Value is a wasm value; an i32 and an f32 use the low half of Bits.
type Value struct {
	Type uint8
	_    [7]uint8
	Bits uint64
}

// Error is a fault; never what a module or a contract did.
type Error struct {
	Status  int32
	Name    string
	Message string
}

func (e *Error) Error() string { return e.Name + ": " + e.Message }

// Cancelled is the status of a call that Transaction.Cancel ended.
const Cancelled = C.INGOT_CANCELLED

func fault(status C.ingot_status, e *C.ingot_error) error {
	if status == C.INGOT_OK {
		return nil
	}
	defer C.ingot_error_free(e)
	return &Error{int32(status), C.GoString(C.ingot_error_name(e)),
		C.GoString(C.ingot_error_message(e))}
}

func bytes(b []byte) *C.uint8_t {
	if len(b) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(&b[0]))
}

func values(v []Value) *C.ingot_value {
	if len(v) == 0 {
		return nil
	}
	return (*C.ingot_value)(unsafe.Pointer(&v[0]))
}

// Engine compiles and loads.
type Engine struct{ p *C.ingot_engine }

// What runs contracts.
const (
	Native      = C.INGOT_NATIVE
	Interpreter = C.INGOT_INTERPRETER
)

// NewEngine makes an engine with the default profile.
func NewEngine(executor uint32) (*Engine, error) {
	options := C.ingot_engine_options{executor: C.uint32_t(executor)}
	options.size = C.uint32_t(unsafe.Sizeof(options))
	var e Engine
	var err *C.ingot_error
	return &e, fault(C.ingot_engine_new(&options, &e.p, &err), err)
}

// Free ends the engine; what was made with it lives on.
func (e *Engine) Free() { C.ingot_engine_free(e.p) }

// Verdict is what consensus sees of a compilation, and the artifact.
type Verdict struct {
	Kind       uint32 // 0: accepted
	CodeName   string
	CompileGas uint64
	Artifact   []byte
}

// Compile gives the verdict; the error is a fault.
func (e *Engine) Compile(module []byte, gasLimit uint64) (Verdict, error) {
	var c *C.ingot_compilation
	var err *C.ingot_error
	status := C.ingot_compile(e.p, bytes(module), C.size_t(len(module)),
		C.uint64_t(gasLimit), &c, &err)
	if f := fault(status, err); f != nil {
		return Verdict{}, f
	}
	defer C.ingot_compilation_free(c)
	var v C.ingot_verdict
	v.size = C.uint32_t(unsafe.Sizeof(v))
	C.ingot_compilation_verdict(c, &v)
	var size C.size_t
	artifact := C.ingot_compilation_artifact(c, &size)
	return Verdict{uint32(v.kind), C.GoString(v.code_name),
		uint64(v.compile_gas),
		C.GoBytes(unsafe.Pointer(artifact), C.int(size))}, nil
}

// Program is a verified artifact, ready to be instantiated.
type Program struct{ p *C.ingot_program }

// Load verifies; the interpreter takes no artifact.
func (e *Engine) Load(artifact, module []byte) (*Program, error) {
	var p Program
	var err *C.ingot_error
	return &p, fault(C.ingot_program_load(e.p, bytes(artifact),
		C.size_t(len(artifact)), bytes(module), C.size_t(len(module)), &p.p,
		&err), err)
}

// Free ends the program; its instances live on.
func (p *Program) Free() { C.ingot_program_free(p.p) }

// Transaction has the budgets that nested calls share.
type Transaction struct{ p *C.ingot_transaction }

// NewTransaction makes one with the default budgets.
func NewTransaction() (*Transaction, error) {
	var t Transaction
	var err *C.ingot_error
	return &t, fault(C.ingot_transaction_new(nil, &t.p, &err), err)
}

// Cancel ends the call in progress, from any goroutine.
func (t *Transaction) Cancel() { C.ingot_transaction_cancel(t.p) }

// Reset makes the transaction as new.
func (t *Transaction) Reset() { C.ingot_transaction_reset(t.p) }

// Free ends the transaction.
func (t *Transaction) Free() { C.ingot_transaction_free(t.p) }

// Store holds instances and host functions.
type Store struct{ p *C.ingot_store }

// NewStore makes an empty one.
func (e *Engine) NewStore() (*Store, error) {
	var s Store
	var err *C.ingot_error
	return &s, fault(C.ingot_store_new(e.p, &s.p, &err), err)
}

// Free ends the store with its instances.
func (s *Store) Free() { C.ingot_store_free(s.p) }

// HostResult is how a host function ends.
type HostResult int32

// What each means stands in ingot.h.
const (
	OK        HostResult = C.INGOT_HOST_OK
	UserError HostResult = C.INGOT_HOST_USER_ERROR
	Trap      HostResult = C.INGOT_HOST_TRAP
	NoGas     HostResult = C.INGOT_HOST_OUT_OF_GAS
	Fault     HostResult = C.INGOT_HOST_FAULT
	Revert    HostResult = C.INGOT_HOST_REVERT
)

// HostFunction answers an import. A panic in it is a fault of the call.
type HostFunction func(c Caller, args, results []Value) HostResult

// What C's numbers stand for. A callback only reads, so that it needs no lock.
var functions struct {
	sync.Mutex
	free []int
	list atomic.Pointer[[]HostFunction]
}

func register(f HostFunction) int {
	functions.Lock()
	defer functions.Unlock()
	var list []HostFunction
	if old := functions.list.Load(); old != nil {
		list = append(list, *old...)
	}
	number := len(list)
	if last := len(functions.free) - 1; last >= 0 {
		number = functions.free[last]
		functions.free = functions.free[:last]
		list[number] = f
	} else {
		list = append(list, f)
	}
	functions.list.Store(&list)
	return number
}

// Caller is what a host function sees of its call; not to be kept.
type Caller struct{ p *C.ingot_caller }

// GasLeft is exact.
func (c Caller) GasLeft() uint64 {
	return uint64(C.ingot_caller_gas_left(c.p))
}

// Charge pays before work; when it is false return NoGas.
func (c Caller) Charge(price uint64) bool {
	return C.ingot_caller_charge(c.p, C.uint64_t(price)) != 0
}

// Read copies from the contract's memory; false when out of bounds.
func (c Caller) Read(address uint64, to []byte) bool {
	return C.ingot_caller_read(c.p, C.uint64_t(address),
		unsafe.Pointer(bytes(to)), C.size_t(len(to))) == C.INGOT_OK
}

// Write copies to the contract's memory; false when out of bounds.
func (c Caller) Write(address uint64, from []byte) bool {
	return C.ingot_caller_write(c.p, C.uint64_t(address),
		unsafe.Pointer(bytes(from)), C.size_t(len(from))) == C.INGOT_OK
}

// Copy moves bytes within the contract's memory.
func (c Caller) Copy(to, from, size uint64) bool {
	return C.ingot_caller_copy(c.p, C.uint64_t(to), C.uint64_t(from),
		C.uint64_t(size)) == C.INGOT_OK
}

// SetError says what the host function's end means.
func (c Caller) SetError(code uint64, message string) {
	text := C.CString(message)
	defer C.free(unsafe.Pointer(text))
	C.ingot_caller_set_error(c.p, C.uint64_t(code), text,
		C.size_t(len(message)))
}

// Call runs another function on behalf of the contract.
func (c Caller) Call(s *Store, f Function, args, results []Value,
	gasLimit uint64) (Outcome, error) {
	var o C.ingot_outcome
	o.size = C.uint32_t(unsafe.Sizeof(o))
	var err *C.ingot_error
	status := C.ingot_caller_call(c.p, s.p, C.ingot_function(f), values(args),
		C.size_t(len(args)), values(results), C.size_t(len(results)),
		C.uint64_t(gasLimit), &o, &err)
	return outcome(&o), fault(status, err)
}

//export ingotGoCallback
func ingotGoCallback(data C.uintptr_t, caller *C.ingot_caller,
	args *C.ingot_value, argCount C.size_t, results *C.ingot_value,
	resultCount C.size_t) (answer C.int32_t) {
	c := Caller{caller}
	// A panic must not unwind the frames of C in between.
	defer func() {
		if r := recover(); r != nil {
			c.SetError(0, fmt.Sprint("panic: ", r))
			answer = C.INGOT_HOST_FAULT
		}
	}()
	f := (*functions.list.Load())[data]
	return C.int32_t(f(c,
		unsafe.Slice((*Value)(unsafe.Pointer(args)), int(argCount)),
		unsafe.Slice((*Value)(unsafe.Pointer(results)), int(resultCount))))
}

//export ingotGoDrop
func ingotGoDrop(data C.uintptr_t) {
	functions.Lock()
	defer functions.Unlock()
	functions.free = append(functions.free, int(data))
}

// Define makes a host function importable.
func (s *Store) Define(module, name string, params, results []byte,
	f HostFunction) error {
	m, n := C.CString(module), C.CString(name)
	defer C.free(unsafe.Pointer(m))
	defer C.free(unsafe.Pointer(n))
	var err *C.ingot_error
	return fault(C.define(s.p, m, n, bytes(params), C.size_t(len(params)),
		bytes(results), C.size_t(len(results)),
		C.uintptr_t(register(f)), &err), err)
}

// Kinds of outcomes.
const (
	Returned = C.INGOT_RETURNED
	Trapped  = C.INGOT_TRAPPED
	Reverted = C.INGOT_REVERTED
	OutOfGas = C.INGOT_OUT_OF_GAS
)

// Outcome is what consensus sees of a run.
type Outcome struct {
	Kind, Trap, Function, Offset uint32
	GasLimit, GasUsed            uint64
	RevertCode                   uint64
	RevertMessage                string
}

func outcome(o *C.ingot_outcome) Outcome {
	return Outcome{uint32(o.kind), uint32(o.trap), uint32(o.function),
		uint32(o.offset), uint64(o.gas_limit), uint64(o.gas_used),
		uint64(o.revert_code),
		C.GoStringN(o.revert_message, C.int(o.revert_message_size))}
}

// TrapName is the word for a trap.
func TrapName(trap uint32) string {
	return C.GoString(C.ingot_trap_name(C.uint32_t(trap)))
}

// Instance and Function are numbers of a store.
type (
	Instance uint32
	Function uint32
)

// Instantiate links the program's imports by name.
func (s *Store) Instantiate(p *Program, t *Transaction, gasLimit uint64) (
	Instance, Outcome, error) {
	var o C.ingot_outcome
	o.size = C.uint32_t(unsafe.Sizeof(o))
	var instance C.ingot_instance
	var err *C.ingot_error
	status := C.ingot_instantiate(s.p, p.p, t.p, C.uint64_t(gasLimit),
		&instance, &o, &err)
	return Instance(instance), outcome(&o), fault(status, err)
}

// Find looks up an exported function.
func (s *Store) Find(i Instance, name string) (Function, error) {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	var f C.ingot_function
	var err *C.ingot_error
	status := C.ingot_find_function(s.p, C.ingot_instance(i), n, &f, &err)
	return Function(f), fault(status, err)
}

// Call runs a function under a gas limit.
func (s *Store) Call(f Function, args, results []Value, t *Transaction,
	gasLimit uint64) (Outcome, error) {
	var o C.ingot_outcome
	o.size = C.uint32_t(unsafe.Sizeof(o))
	var err *C.ingot_error
	status := C.ingot_call(s.p, C.ingot_function(f), values(args),
		C.size_t(len(args)), values(results), C.size_t(len(results)), t.p,
		C.uint64_t(gasLimit), &o, &err)
	return outcome(&o), fault(status, err)
}

// ReadMemory copies from an instance between two calls. The slice, as that of
// Caller.Read, must not be a part of something that holds Go pointers: a rule of
// cgo.
func (s *Store) ReadMemory(i Instance, address uint64, to []byte) bool {
	return C.ingot_memory_read(s.p, C.ingot_instance(i), C.uint64_t(address),
		unsafe.Pointer(bytes(to)), C.size_t(len(to))) == C.INGOT_OK
}
