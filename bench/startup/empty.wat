;; The least there is to start: one function that does nothing.
(module (func (export "run")))
