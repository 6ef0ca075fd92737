/* Trap entry, context switch and guarded calls: where registers are saved by hand.
 *
 * sscratch always points at the struct registers in which a trap now would save: the running task's
 * head, or, inside a handler, that of the hart's level. Handlers run on stacks of the hart, so a task's
 * own stack may be full or broken. Offsets: struct registers (nucleus/task.h), struct hart (harts.h),
 * checked by static assertions in trap.c. */
#include "assembly.h"

#define R(n)        (8 * (n))
#define R_PC        256
#define R_STATUS    264
#define TASK_RECOVERY 376
#define TASK_UNWINDING 424
#define TASK_RESULT 396
#define HART_CURRENT 0
#define HART_DEPTH   8
#define HART_LEVELS  24         /* of each level: stack, struct registers */
#define LEVEL_REGISTERS 8
#define LEVEL_BYTES  296
#define TRAP_LEVELS  3

#define FROM_5      5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
#define SAVED       1,8,9,18,19,20,21,22,23,24,25,26,27 /* ra, s0 .. s11: what a call keeps */

/* For the unwinder: the registers of the frame below are in the struct that s0 points at. CFA := its
 * sp, x1, x3..x31 and the pc (column 64) := its slots. Operands are sleb128 in two bytes. */
.macro CFI_REGISTERS_AT_S0
    .cfi_escape 0x0f, 4, 0x78, ((2*8) & 0x7f) | 0x80, (2*8) >> 7, 0x06
    .irp n,1,3,4,FROM_5,31
    .cfi_escape 0x10, \n, 3, 0x78, ((8*\n) & 0x7f) | 0x80, (8*\n) >> 7
    .endr
    .cfi_escape 0x10, 64, 3, 0x78, (R_PC & 0x7f) | 0x80, R_PC >> 7
.endm

/* Stores or loads (\op: sd, ld) those registers in a struct registers, or a frame, at \base. */
.macro EACH op, base, registers:vararg
    .irp    n,\registers
    \op     x\n, R(\n)(\base)
    .endr
.endm

    .text
FUNCTION trap_entry
    .cfi_signal_frame
    .cfi_return_column 64
    csrrw   t6, sscratch, t6
    EACH    sd, t6, 1,2,3,4,FROM_5
    mv      s0, t6
    CFI_REGISTERS_AT_S0
    csrr    t0, sscratch
    sd      t0, R(31)(s0)
    .set    slot, R_PC
    .irp    csr, sepc, sstatus, scause, stval
    csrr    t0, \csr
    sd      t0, slot(s0)
    .set    slot, slot + 8
    .endr
    ld      t1, HART_DEPTH(tp)
    li      t0, TRAP_LEVELS
    bgeu    t1, t0, 9f          /* a trap in the last handler: nothing sane is left to do */
    li      t2, LEVEL_BYTES
    mul     t2, t1, t2
    add     t2, t2, tp
    ld      sp, HART_LEVELS(t2)
    addi    t2, t2, HART_LEVELS + LEVEL_REGISTERS
    csrw    sscratch, t2
    addi    t1, t1, 1
    sd      t1, HART_DEPTH(tp)
    mv      a0, s0
    call    trap_handler
    ld      t0, HART_DEPTH(tp)
    addi    t0, t0, -1
    sd      t0, HART_DEPTH(tp)
    j       resume
9:  li      a0, 98              /* exit status */
    call    machine_exit
END trap_entry

/* Saves in the struct registers at a0 what a call keeps; to go on behind the call of this function. */
.macro SAVE_AT_A0
    EACH    sd, a0, 2,SAVED
    sd      ra, R_PC(a0)
    sd      zero, R_STATUS(a0)
.endm

/* void registers_capture(struct registers *): see walk.h. */
FUNCTION registers_capture
    SAVE_AT_A0
    ret
END registers_capture

/* void switch_out(enum task_state to): see harts.h. */
FUNCTION switch_out
    mv      a1, a0
    ld      a0, HART_CURRENT(tp)
    SAVE_AT_A0
    ld      sp, HART_LEVELS(tp)
    .cfi_undefined 1            /* of this stack it is the bottom */
    addi    t0, tp, HART_LEVELS + LEVEL_REGISTERS
    csrw    sscratch, t0
    li      t1, 1
    sd      t1, HART_DEPTH(tp)
    call    dispatch
    sd      zero, HART_DEPTH(tp)
END switch_out                  /* falls through */

/* Ends a handler: a0 = the registers to go on with, those of another handler included. */
FUNCTION resume
    .cfi_undefined 1
    csrw    sscratch, a0
    ld      t0, R_STATUS(a0)
    beqz    t0, 1f              /* saved by switch_out */
    csrw    sstatus, t0
    ld      t0, R_PC(a0)
    csrw    sepc, t0
    mv      t6, a0
    EACH    ld, t6, 1,2,3,FROM_5,31     /* not tp: it is the hart's, and the hart may be another now */
    sret
1:  EACH    ld, a0, 2,SAVED
    ret                         /* into the caller of switch_out, interrupts off */
END resume

/* void task_first(void): s0 = argument, s1 = entry of a new task. */
FUNCTION task_first
    .cfi_undefined 1
    .word   0                   /* it begins behind this, as if it had been called from there */
    csrsi   sstatus, 2          /* interrupts on */
    mv      a0, s0
    jalr    s1
    ld      t0, HART_CURRENT(tp) /* one instruction: another hart may go on with it at any time */
    sw      a0, TASK_RESULT(t0)
    call    task_end
END task_first

/* void stub_lost(void): t1 = the end of the stub that was called; ra leads to its caller. */
FUNCTION stub_lost
    mv      a0, t1
    tail    stub_report
END stub_lost

/* enum status guarded_call(enum status (*function)(void *), void *argument): see nucleus/task.h.
 * The frame is the beginning of a struct registers, with ra and s0 to s11 at their places, the recovery of
 * the call around this one (or NULL) in x0's, sstatus in sp's, and in gp's what the task unwinds for, if the call is
 * a cleanup's. */
#define FRAME_BYTES R(28)
FUNCTION guarded_call
    addi    sp, sp, -FRAME_BYTES
    .cfi_def_cfa_offset FRAME_BYTES
    EACH    sd, sp, SAVED
    .irp    n,SAVED
    .cfi_offset \n, R(\n) - FRAME_BYTES
    .endr
    csrr    t0, sstatus
    sd      t0, R(2)(sp)
    ld      s0, HART_CURRENT(tp) /* the head of this task, whichever hart it is on later */
    ld      t1, TASK_RECOVERY(s0)
    sd      t1, R(0)(sp)
    sd      sp, TASK_RECOVERY(s0)
    lwu     t1, TASK_UNWINDING(s0)
    sd      t1, R(3)(sp)
    sw      zero, TASK_UNWINDING(s0)
    mv      t0, a0
    mv      a0, a1
    jalr    t0
    .globl  guard_called
guard_called:                   /* the return address by which unwind() knows this frame */
    ld      t1, R(0)(sp)
    sd      t1, TASK_RECOVERY(s0)
    ld      t1, R(3)(sp)
    sw      t1, TASK_UNWINDING(s0)
    .globl  guard_return
guard_return:                   /* after a fault: sp = the frame, a0 = the status, both are reset */
    EACH    ld, sp, SAVED
    addi    sp, sp, FRAME_BYTES
    .cfi_def_cfa_offset 0
    ret
END guarded_call

/* void _Unwind_Resume(void *): a landing pad has cleaned up its frame. trap_handler() goes on from its caller. */
FUNCTION _Unwind_Resume
    ebreak
END _Unwind_Resume

/* void task_dies_here(void): the same for a task that was killed, and has come to a place where it can end. */
FUNCTION task_dies_here
    ebreak
END task_dies_here

/* void text_copy_words(to, from, words, boot_satp): the stores go through the boot table, which maps
 * everything writable. No stack, no call, interrupts off: nothing but this loop and `from` (in the
 * direct map) is looked up meanwhile. */
FUNCTION text_copy_words
    beqz    a2, 2f
    csrrw   t0, satp, a3
    sfence.vma
1:  ld      t1, 0(a1)
    sd      t1, 0(a0)
    addi    a0, a0, 8
    addi    a1, a1, 8
    addi    a2, a2, -1
    bnez    a2, 1b
    csrw    satp, t0
    sfence.vma
2:  ret
END text_copy_words

/* void text_copy_pairs(pairs, count, offset, boot_satp): the same for many places; each gets the 8 bytes
 * that its struct text_pair has at offset. In halves of 2 bytes, because instructions are 2-aligned. */
#define PAIR_BYTES 24
FUNCTION text_copy_pairs
    beqz    a1, 2f
    csrrw   t0, satp, a3
    sfence.vma
    add     a2, a2, a0
1:  ld      t1, 0(a0)
    ld      t2, 0(a2)
    .irp    n,0,2,4,6
    sh      t2, \n(t1)
    srli    t2, t2, 16
    .endr
    addi    a0, a0, PAIR_BYTES
    addi    a2, a2, PAIR_BYTES
    addi    a1, a1, -1
    bnez    a1, 1b
    csrw    satp, t0
    sfence.vma
2:  ret
END text_copy_pairs
