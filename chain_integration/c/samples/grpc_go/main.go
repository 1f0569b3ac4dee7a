// How a Go program asks `ingot serve`, by gRPC; its host functions answer over
// the call's stream. In: the service's unix socket and the path of sample.wasm;
// in ./ingotpb the stubs that protoc makes of proto/ (see ../README.md). Out: the
// lines of ../expected_grpc.txt.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "ingot.example/grpc/ingotpb"
)

// compiler/abi/traps.def, as far as the sample's contract goes.
var traps = map[uint32]string{7: "integer_divide_by_zero"}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// Why a call is a fault: a name of FaultReason.
func reason(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	// Of gRPC itself, as when the client cancels.
	if status.Code(err) == codes.Canceled {
		return "CANCELLED"
	}
	return status.Code(err).String()
}

// A host function that is called, and what it may do meanwhile.
type hostCall struct {
	arguments []*pb.Value
	ask       func(*pb.CallRequest) (*pb.CallResponse, error)
}

func (c hostCall) charge(price uint64) (bool, error) {
	answer, err := c.ask(&pb.CallRequest{Message: &pb.CallRequest_ChargeGas{
		ChargeGas: &pb.ChargeGas{Price: price}}})
	return answer.GetGas().GetPaid(), err
}

func (c hostCall) read(address, size uint64) (*pb.Memory, error) {
	answer, err := c.ask(&pb.CallRequest{Message: &pb.CallRequest_MemoryRead{
		MemoryRead: &pb.MemoryRead{
			Address: uint32(address), Size: uint32(size)}}})
	return answer.GetMemory(), err
}

func half(c hostCall) (*pb.HostReturn, error) {
	paid, err := c.charge(100)
	if err != nil || !paid {
		return &pb.HostReturn{Result: pb.HostResult_HOST_RESULT_OUT_OF_GAS}, err
	}
	n := c.arguments[0].GetBits()
	if n%2 != 0 {
		return &pb.HostReturn{Result: pb.HostResult_HOST_RESULT_USER_ERROR,
			RevertCode: 1000}, nil
	}
	return &pb.HostReturn{Result: pb.HostResult_HOST_RESULT_OK,
		Results: []*pb.Value{{Type: pb.ValueType_VALUE_TYPE_I64,
			Bits: n / 2}}}, nil
}

func logLine(c hostCall) (*pb.HostReturn, error) {
	address, size := c.arguments[0].GetBits(), c.arguments[1].GetBits()
	paid, err := c.charge(10 + size)
	if err != nil || !paid {
		return &pb.HostReturn{Result: pb.HostResult_HOST_RESULT_OUT_OF_GAS}, err
	}
	if size > 256 {
		return &pb.HostReturn{Result: pb.HostResult_HOST_RESULT_TRAP}, nil
	}
	line, err := c.read(address, size)
	if err != nil || !line.GetInBounds() {
		return &pb.HostReturn{Result: pb.HostResult_HOST_RESULT_TRAP}, err
	}
	fmt.Printf("log: %s\n", line.GetData())
	return &pb.HostReturn{Result: pb.HostResult_HOST_RESULT_OK}, nil
}

var host = map[string]func(hostCall) (*pb.HostReturn, error){
	"host.half": half, "host.log": logLine}

// Calls a function and answers its host calls.
func call(ctx context.Context, service pb.ExecutionServiceClient,
	start *pb.CallStart) (*pb.Outcome, error) {
	ctx, done := context.WithCancel(ctx)
	defer done()
	stream, err := service.Call(ctx)
	if err != nil {
		return nil, err
	}
	ask := func(request *pb.CallRequest) (*pb.CallResponse, error) {
		// What is wrong with the stream, Recv says.
		_ = stream.Send(request)
		return stream.Recv()
	}
	answer, err := ask(&pb.CallRequest{
		Message: &pb.CallRequest_Start{Start: start}})
	for err == nil && answer.GetOutcome() == nil {
		called := answer.GetHostCall()
		function := host[called.GetModule()+"."+called.GetName()]
		var result *pb.HostReturn
		result, err = function(hostCall{called.GetArguments(), ask})
		if err == nil {
			answer, err = ask(&pb.CallRequest{
				Message: &pb.CallRequest_HostReturn{HostReturn: result}})
		}
	}
	return answer.GetOutcome(), err
}

func show(what string, o *pb.Outcome) {
	how := "out of gas"
	switch o.GetKind() {
	case pb.OutcomeKind_OUTCOME_KIND_RETURNED:
		how = fmt.Sprint("returned ", o.GetResults()[0].GetBits())
	case pb.OutcomeKind_OUTCOME_KIND_TRAPPED:
		how = fmt.Sprintf("trapped, %s at byte %d", traps[o.GetTrap()],
			o.GetOffset())
	case pb.OutcomeKind_OUTCOME_KIND_REVERTED:
		how = fmt.Sprint("reverted, code ", o.GetRevertCode())
	}
	fmt.Printf("%s: %s, gas %d\n", what, how, o.GetGasUsed())
}

// By what and under what. A chain's state names both digests; here they are the
// node's defaults.
func targetOf(ctx context.Context, compiler pb.CompilerServiceClient) *pb.Target {
	info := must(compiler.GetInfo(ctx, &pb.GetInfoRequest{}))
	return &pb.Target{CompilerSha256: info.GetCompilersSha256()[0],
		ProfileSha256: info.GetProfiles()[0].GetProfileSha256()}
}

func compile(ctx context.Context, compiler pb.CompilerServiceClient,
	target *pb.Target, module []byte) *pb.Verdict {
	quote := must(compiler.Quote(ctx, &pb.QuoteRequest{Target: target,
		Module: &pb.QuoteRequest_ModuleBytes{ModuleBytes: module}}))
	gas := uint64(1_000_000_000)
	verdict := must(compiler.Compile(ctx, &pb.CompileRequest{Target: target,
		Module:   &pb.CompileRequest_ModuleBytes{ModuleBytes: module},
		GasLimit: &gas})).GetVerdict()
	if verdict.GetKind() != pb.VerdictKind_VERDICT_KIND_ACCEPTED {
		log.Fatal("verdict: ", verdict.GetCode())
	}
	fmt.Println("verdict: accepted")
	if quote.GetLowerGas() <= verdict.GetCompileGas() &&
		verdict.GetCompileGas() <= quote.GetUpperGas() {
		fmt.Println("quote: holds")
	}
	return verdict
}

func main() {
	socket, path := os.Args[1], os.Args[2]
	module := must(os.ReadFile(path))
	connection := must(grpc.Dial("unix:"+socket,
		grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer connection.Close()
	compiler := pb.NewCompilerServiceClient(connection)
	service := pb.NewExecutionServiceClient(connection)
	ctx := context.Background()
	target := targetOf(ctx, compiler)
	verdict := compile(ctx, compiler, target, module)

	instantiate := func() uint64 {
		gas := uint64(1_000_000)
		return must(service.Instantiate(ctx, &pb.InstantiateRequest{
			Target: target, ModuleSha256: verdict.GetModuleSha256(),
			ArtifactSha256: verdict.GetArtifactSha256(),
			GasLimit:       &gas})).GetInstance()
	}
	instance := instantiate()
	start := func(name string, gas uint64, kind pb.ValueType,
		arguments ...uint64) *pb.CallStart {
		begin := &pb.CallStart{Instance: instance, Function: name,
			GasLimit: &gas}
		for _, bits := range arguments {
			begin.Arguments = append(begin.Arguments,
				&pb.Value{Type: kind, Bits: bits})
		}
		return begin
	}
	const i32, i64 = pb.ValueType_VALUE_TYPE_I32, pb.ValueType_VALUE_TYPE_I64
	show("run(82)", must(call(ctx, service, start("run", 10000, i64, 82))))
	show("run(7)", must(call(ctx, service, start("run", 10000, i64, 7))))
	show("divide(1, 0)",
		must(call(ctx, service, start("divide", 10000, i32, 1, 0))))
	show("run(7) with 50 gas",
		must(call(ctx, service, start("run", 50, i64, 7))))
	// One that ran out of gas is not called again.
	must(service.Release(ctx, &pb.ReleaseRequest{Instance: instance}))
	instance = instantiate()

	// A call that nobody waits for: it ends, and with it its instance.
	soon, cancel := context.WithCancel(ctx)
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err := call(soon, service, start("spin", 100_000_000_000, i64))
	fmt.Println("spin:", reason(err))
	_, err = service.Release(ctx, &pb.ReleaseRequest{Instance: 0})
	fmt.Println("release(0):", reason(err))
}
