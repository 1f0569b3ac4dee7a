;; A constant stands in rax before a loop that divides it. The division takes
;; rax, so the constant is given up there; that it had been used there was not
;; recorded, so its stay was taken to end before the loop, and the second round
;; divided whatever rax held.
(module
  (func (export "f") (param i32 i32) (result i32)
    (local $c i32) (local $n i32) (local $s i32)
    (local.set $c (i32.const 1000))
    (local.set $n (i32.const 4))
    (if (local.get $c)
      (then
        (loop $again
          (local.set $s
            (i32.add (local.get $s)
              (i32.div_u (local.get $c) (local.get 1))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $again (local.get $n)))))
    (local.get $s)))
