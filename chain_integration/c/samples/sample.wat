;; The contract of the samples. It imports two functions of the host, (price) ->
;; half of it, and a log line in its memory; and shows each way a call can end.
(module
  (import "host" "half" (func $half (param i64) (result i64)))
  (import "host" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello from the contract")
  ;; Half of the argument plus 1, by the host; logs.
  (func (export "run") (param $n i64) (result i64)
    (call $log (i32.const 16) (i32.const 23))
    (i64.add (call $half (local.get $n)) (i64.const 1)))
  (func (export "divide") (param $a i32) (param $b i32) (result i32)
    (i32.div_s (local.get $a) (local.get $b)))
  (func (export "spin") (loop (br 0))))
