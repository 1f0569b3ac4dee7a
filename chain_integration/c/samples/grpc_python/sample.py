"""How a Python program asks `ingot serve`, by gRPC; its host functions answer
over the call's stream.

In: the service's unix socket and the path of sample.wasm; in Python's path the
stubs that protoc makes of proto/ (see ../README.md). Out: the lines of
../expected_grpc.txt.
"""

import queue
import sys
import threading

import grpc

from google.rpc import error_details_pb2, status_pb2
from ingot.v1 import compiler_pb2, compiler_pb2_grpc
from ingot.v1 import execution_pb2 as execution
from ingot.v1 import execution_pb2_grpc, types_pb2

# compiler/abi/traps.def, as far as the sample's contract goes.
TRAPS = {7: "integer_divide_by_zero"}


def reason(error):
    """Why a call is a fault: a name of FaultReason."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    return info.reason
    # Of gRPC itself, as when the client cancels.
    return error.code().name


class HostCall:
    """A host function that is called, and what it may do meanwhile."""

    def __init__(self, call, ask):
        self.arguments = [value.bits for value in call.arguments]
        self.ask = ask

    def charge(self, price):
        return self.ask(execution.CallRequest(
            charge_gas=execution.ChargeGas(price=price))).gas.paid

    def read(self, address, size):
        memory = self.ask(execution.CallRequest(
            memory_read=execution.MemoryRead(
                address=address, size=size))).memory
        return memory.data if memory.in_bounds else None


def half(call):
    if not call.charge(100):
        return execution.HostReturn(result=execution.HOST_RESULT_OUT_OF_GAS)
    if call.arguments[0] % 2:
        return execution.HostReturn(
            result=execution.HOST_RESULT_USER_ERROR, revert_code=1000)
    result = execution.Value(type=execution.VALUE_TYPE_I64,
                             bits=call.arguments[0] // 2)
    return execution.HostReturn(result=execution.HOST_RESULT_OK,
                                results=[result])


def log(call):
    address, size = call.arguments
    if not call.charge(10 + size):
        return execution.HostReturn(result=execution.HOST_RESULT_OUT_OF_GAS)
    line = call.read(address, size) if size <= 256 else None
    if line is None:
        return execution.HostReturn(result=execution.HOST_RESULT_TRAP)
    print("log:", line.decode())
    return execution.HostReturn(result=execution.HOST_RESULT_OK)


HOST = {("host", "half"): half, ("host", "log"): log}


def call(service, start, on_stream=lambda stream: None):
    """Calls a function and answers its host calls; the outcome."""
    requests = queue.SimpleQueue()
    stream = service.Call(iter(requests.get, None))
    on_stream(stream)

    def ask(request):
        requests.put(request)
        return next(stream)

    try:
        response = ask(execution.CallRequest(start=start))
        while response.WhichOneof("message") == "host_call":
            called = response.host_call
            host = HOST[called.module, called.name]
            response = ask(execution.CallRequest(
                host_return=host(HostCall(called, ask))))
        return response.outcome
    finally:
        requests.put(None)


def show(what, outcome):
    how = {
        execution.OUTCOME_KIND_RETURNED:
            lambda: "returned %d" % outcome.results[0].bits,
        execution.OUTCOME_KIND_TRAPPED:
            lambda: "trapped, %s at byte %d" % (TRAPS[outcome.trap],
                                                outcome.offset),
        execution.OUTCOME_KIND_REVERTED:
            lambda: "reverted, code %d" % outcome.revert_code,
        execution.OUTCOME_KIND_OUT_OF_GAS: lambda: "out of gas",
    }[outcome.kind]()
    print(f"{what}: {how}, gas {outcome.gas_used}")


def main():
    socket, path = sys.argv[1:]
    with open(path, "rb") as f:
        module = f.read()
    channel = grpc.insecure_channel("unix:" + socket)
    compiler = compiler_pb2_grpc.CompilerServiceStub(channel)
    service = execution_pb2_grpc.ExecutionServiceStub(channel)

    # A chain's state names both digests; here they are the node's defaults.
    info = compiler.GetInfo(compiler_pb2.GetInfoRequest())
    target = types_pb2.Target(
        compiler_sha256=info.compilers_sha256[0],
        profile_sha256=info.profiles[0].profile_sha256)
    quote = compiler.Quote(compiler_pb2.QuoteRequest(
        target=target, module_bytes=module))
    verdict = compiler.Compile(compiler_pb2.CompileRequest(
        target=target, module_bytes=module, gas_limit=10**9)).verdict
    accepted = verdict.kind == types_pb2.VERDICT_KIND_ACCEPTED
    print("verdict:", "accepted" if accepted else verdict.code)
    print("quote:", "holds" if quote.lower_gas <= verdict.compile_gas
          <= quote.upper_gas else "broken")

    def instantiate():
        return service.Instantiate(execution.InstantiateRequest(
            target=target, module_sha256=verdict.module_sha256,
            artifact_sha256=verdict.artifact_sha256,
            gas_limit=10**6)).instance

    instance = instantiate()

    def start(name, gas_limit, kind=execution.VALUE_TYPE_I64, arguments=()):
        return execution.CallStart(
            instance=instance, function=name, gas_limit=gas_limit,
            arguments=[execution.Value(type=kind, bits=bits)
                       for bits in arguments])

    show("run(82)", call(service, start("run", 10000, arguments=[82])))
    show("run(7)", call(service, start("run", 10000, arguments=[7])))
    show("divide(1, 0)", call(service, start(
        "divide", 10000, execution.VALUE_TYPE_I32, [1, 0])))
    show("run(7) with 50 gas",
         call(service, start("run", 50, arguments=[7])))
    # One that ran out of gas is not called again.
    service.Release(execution.ReleaseRequest(instance=instance))
    instance = instantiate()

    # A call that nobody waits for: another thread ends it, and its instance.
    try:
        call(service, start("spin", 10**11),
             lambda stream: threading.Timer(0.2, stream.cancel).start())
        print("spin: ?")
    except grpc.RpcError as error:
        print("spin:", reason(error))
    try:
        service.Release(execution.ReleaseRequest(instance=0))
        print("release(0): ?")
    except grpc.RpcError as error:
        print("release(0):", reason(error))
    channel.close()


main()
