;; The load must trap even where the other value is chosen.
(module
  (memory (export "m") 1 1)
  (func (export "i64") (param i32 i64 i32) (result i64)
    (select (local.get 1) (i64.load (local.get 2)) (local.get 0)))
  (func (export "i32") (param i32 i32 i32) (result i32)
    (select (local.get 1) (i32.load (local.get 2)) (local.get 0)))
  (func (export "swapped") (param i32 i32 i32) (result i32)
    (select (i32.load (local.get 2)) (local.get 1) (local.get 0)))
  (func (export "compared") (param i64 i64 i32) (result i64)
    (select (local.get 1) (i64.load (local.get 2)) (i64.lt_s (local.get 0) (local.get 1))))
  (func (export "inside") (param i32 i32) (result i32)
    (select (i32.const 7) (i32.load (i32.and (local.get 1) (i32.const 0xffff))) (local.get 0))))
