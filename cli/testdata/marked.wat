;; A benchmark that marks its own timed part.
(module
  (import "bench" "start" (func $begin))
  (import "bench" "end" (func $end))
  (import "env" "unknown" (func $unknown (param i32) (result i32)))
  (func (export "_start")
    (local $n i32)
    (local.set $n (i32.const 1000))
    (call $begin)
    (loop $again
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (call $end)
    (drop (call $unknown (i32.const 5)))))
