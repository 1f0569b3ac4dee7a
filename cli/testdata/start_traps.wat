;; Its start function traps, so that instantiation does.
(module
  (func $start (unreachable))
  (start $start)
  (func (export "_start")))
