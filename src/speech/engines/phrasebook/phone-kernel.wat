;; One dense layer of the phone network for several frames at once: output = max(input × weights + bias, least).
;; `build-wasm.js` compiles it into dist; phone-network.ts lays the memory out and calls it once per layer.
;;
;; A frame is a lane: what belongs to 8 frames lies side by side (a block), so 4 outputs of a block are 8 vectors that stay
;; in registers while all inputs pass by. Each weight is loaded once per block, and what comes out lies as what goes in.
;;
;;   input    blocks × inputs × 8 frames
;;   weights  panels × inputs × 4 outputs
;;   bias     panels × 4 outputs
;;   output   blocks × (panels · 4) × 8 frames
;;
;; All are float32; addresses are bytes. Nothing of the memory is the module's own.
(module
  (memory (export "memory") 0)

  ;; Pages of 64 KiB more.
  (func (export "grow") (param $pages i32)
    (drop (memory.grow (local.get $pages))))

  ;; Hot. `inputs`, `panels` and `blocks` are at least 1. `least` is 0 for a rectifier, else -infinity.
  (func (export "dense")
    (param $input i32) (param $weights i32) (param $bias i32) (param $output i32)
    (param $inputs i32) (param $panels i32) (param $blocks i32) (param $least f32)
    ;; Where the loops are: a block's inputs and outputs, a weight and the end of its panel.
    (local $x i32) (local $y i32) (local $w i32) (local $panelEnd i32) (local $blocksLeft i32)
    (local $panelBytes i32) (local $rowBytes i32) (local $floor v128)
    ;; Sums of outputs 0 to 3: of frames 0 to 3 (a) and 4 to 7 (b).
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128)
    ;; One input in both halves of the block, and one weight in all lanes.
    (local $xa v128) (local $xb v128) (local $weight v128)

    (local.set $floor (f32x4.splat (local.get $least)))
    (local.set $panelBytes (i32.shl (local.get $inputs) (i32.const 4)))
    (local.set $rowBytes (i32.shl (local.get $panels) (i32.const 7)))

    ;; The weights of a panel, some kilobytes, stay in the first cache while the blocks pass by.
    (loop $nextPanel
      (local.set $panelEnd (i32.add (local.get $weights) (local.get $panelBytes)))
      (local.set $x (local.get $input))
      (local.set $y (local.get $output))
      (local.set $blocksLeft (local.get $blocks))

      (loop $nextBlock
        (local.set $b0 (local.tee $a0 (v128.load32_splat (local.get $bias))))
        (local.set $b1 (local.tee $a1 (v128.load32_splat offset=4 (local.get $bias))))
        (local.set $b2 (local.tee $a2 (v128.load32_splat offset=8 (local.get $bias))))
        (local.set $b3 (local.tee $a3 (v128.load32_splat offset=12 (local.get $bias))))
        (local.set $w (local.get $weights))

        (loop $nextInput
          (local.set $xa (v128.load (local.get $x)))
          (local.set $xb (v128.load offset=16 (local.get $x)))

          (local.set $weight (v128.load32_splat (local.get $w)))
          (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $xa) (local.get $weight))))
          (local.set $b0 (f32x4.add (local.get $b0) (f32x4.mul (local.get $xb) (local.get $weight))))

          (local.set $weight (v128.load32_splat offset=4 (local.get $w)))
          (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $xa) (local.get $weight))))
          (local.set $b1 (f32x4.add (local.get $b1) (f32x4.mul (local.get $xb) (local.get $weight))))

          (local.set $weight (v128.load32_splat offset=8 (local.get $w)))
          (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $xa) (local.get $weight))))
          (local.set $b2 (f32x4.add (local.get $b2) (f32x4.mul (local.get $xb) (local.get $weight))))

          (local.set $weight (v128.load32_splat offset=12 (local.get $w)))
          (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $xa) (local.get $weight))))
          (local.set $b3 (f32x4.add (local.get $b3) (f32x4.mul (local.get $xb) (local.get $weight))))

          ;; After the last input $x is at the next block.
          (local.set $x (i32.add (local.get $x) (i32.const 32)))
          (local.set $w (i32.add (local.get $w) (i32.const 16)))
          (br_if $nextInput (i32.lt_u (local.get $w) (local.get $panelEnd))))

        (v128.store (local.get $y) (f32x4.pmax (local.get $a0) (local.get $floor)))
        (v128.store offset=16 (local.get $y) (f32x4.pmax (local.get $b0) (local.get $floor)))
        (v128.store offset=32 (local.get $y) (f32x4.pmax (local.get $a1) (local.get $floor)))
        (v128.store offset=48 (local.get $y) (f32x4.pmax (local.get $b1) (local.get $floor)))
        (v128.store offset=64 (local.get $y) (f32x4.pmax (local.get $a2) (local.get $floor)))
        (v128.store offset=80 (local.get $y) (f32x4.pmax (local.get $b2) (local.get $floor)))
        (v128.store offset=96 (local.get $y) (f32x4.pmax (local.get $a3) (local.get $floor)))
        (v128.store offset=112 (local.get $y) (f32x4.pmax (local.get $b3) (local.get $floor)))

        (local.set $y (i32.add (local.get $y) (local.get $rowBytes)))
        (local.set $blocksLeft (i32.sub (local.get $blocksLeft) (i32.const 1)))
        (br_if $nextBlock (local.get $blocksLeft)))

      (local.set $weights (local.get $panelEnd))
      (local.set $bias (i32.add (local.get $bias) (i32.const 16)))
      (local.set $output (i32.add (local.get $output) (i32.const 128)))
      (local.set $panels (i32.sub (local.get $panels) (i32.const 1)))
      (br_if $nextPanel (local.get $panels)))))
