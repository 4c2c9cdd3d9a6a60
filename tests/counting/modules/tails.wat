;; What is lowered: a tail call is one instruction, though a call and a return come of it.
(module
  (type $unary (func (param i32) (result i32)))
  (table funcref (elem $even $odd))
  (func $even (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
  (func $odd (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call_indirect (type $unary) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
  (func (export "even") (param i32) (result i32) (return_call $even (i32.and (local.get 0) (i32.const 31))))
  (func (export "twice") (param i32) (result i32)
    (i32.add (call $even (i32.and (local.get 0) (i32.const 7))) (call $odd (i32.const 3)))))
