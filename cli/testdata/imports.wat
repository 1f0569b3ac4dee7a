;; Imports that no host provides, one that the host wasi provides in another
;; type, and one that it provides.
(module
  (import "env" "print" (func $print (param i32)))
  (import "env" "limit" (global i32))
  (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func (export "_start") (call $print (i32.const 1))))
