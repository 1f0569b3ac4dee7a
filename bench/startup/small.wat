;; What a small contract has: seventeen pages of memory, data, a table of its own
;; functions, globals. `run` does nothing with them.
(module
  (memory (export "memory") 17)
  (table 8 8 funcref)
  (global (mut i32) (i32.const 1048576))
  (global i32 (i32.const 1050000))
  (global i32 (i32.const 1050016))
  (elem (i32.const 1) func $add $sub $mul $add $sub $mul)
  (data (i32.const 1048576) "Contracts keep their constants here: names of messages, errors, tables.")
  (data (i32.const 1049600) "\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00\05\00\00\00\06\00\00\00")
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $sub (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func $mul (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
  (func (export "run")))
