;; A comparison of what a load reads with a constant was to do the load itself.
;; The constant has 64 bits, which no immediate holds: its low half was compared.
(module
  (memory 1)
  (data (i32.const 0) "\00\00\00\00\01\00\00\00")
  (func (export "f") (param i32) (result i32)
    (i64.lt_u (i64.load (local.get 0)) (i64.const 0x200000000)))
  (func (export "g") (param i32) (result i32)
    (if (result i32) (i64.eq (i64.const 0x100000000) (i64.load (local.get 0)))
      (then (i32.const 5))
      (else (i32.const 7)))))
