;; Calls an imported function as often as it is told, each time with the result
;; of the last call.
(module
  (import "host" "next" (func $next (param i32) (result i32)))
  (func (export "run") (param $calls i32) (result i32)
    (local $value i32)
    (loop $again
      (local.set $value (call $next (local.get $value)))
      (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1)))))
    (local.get $value)))
