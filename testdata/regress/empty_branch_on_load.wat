;; A branch that decides nothing was left out together with the load that its
;; comparison did, which traps when the address is out of bounds. The second
;; function has the branch behind another that decides nothing.
(module
  (memory 1)
  (func (export "one") (param i32 i32) (result i32)
    (if (i32.gt_s (local.get 1) (i32.load offset=65533 (local.get 0)))
      (then) (else))
    (i32.const 1))
  (func (export "two") (param i32 i32) (result i32)
    (if (local.get 1) (then) (else))
    (if (i32.gt_s (local.get 1) (i32.load offset=65533 (local.get 0)))
      (then) (else))
    (if (f64.lt (f64.load offset=65529 (local.get 0)) (f64.const 1))
      (then) (else))
    (i32.const 2)))
