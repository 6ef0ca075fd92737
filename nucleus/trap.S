/* Trap entry, context switch and guarded calls: where registers are saved by hand.
 *
 * sscratch always points at the struct registers in which a trap now would save: the running task's
 * head, or, inside a handler, the hart's saved[depth]. Handlers run on stacks of the hart, so a task's
 * own stack may be full or broken. Offsets: struct registers (nucleus/task.h), struct hart (harts.h),
 * checked by static assertions in trap.c. */

#define R(n)        (8 * (n))
#define R_PC        256
#define R_STATUS    264
#define R_CAUSE     272
#define R_VALUE     280
#define R_EXACT     288
#define HART_CURRENT 0
#define HART_DEPTH   8
#define HART_STACKS  16
#define HART_NESTED  40
#define TRAP_LEVELS  3

/* For the unwinder: the registers of the frame below are in the struct that s0 points at. CFA := its
 * sp, x1, x3..x31 and the pc (column 64) := its slots. Operands are sleb128 in two bytes. */
.macro CFI_REGISTERS_AT_S0
    .cfi_escape 0x0f, 4, 0x78, ((2*8) & 0x7f) | 0x80, (2*8) >> 7, 0x06
    .irp n,1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    .cfi_escape 0x10, \n, 3, 0x78, ((8*\n) & 0x7f) | 0x80, (8*\n) >> 7
    .endr
    .cfi_escape 0x10, 64, 3, 0x78, (R_PC & 0x7f) | 0x80, R_PC >> 7
.endm

.macro EACH_SAVED op, base      /* s0 .. s11 */
    \op     s0, R(8)(\base)
    \op     s1, R(9)(\base)
    .irp n,18,19,20,21,22,23,24,25,26,27
    \op     x\n, R(\n)(\base)
    .endr
.endm

    .text
    .balign 4
    .globl  trap_entry
    .type   trap_entry, @function
trap_entry:
    .cfi_startproc
    .cfi_signal_frame
    .cfi_return_column 64
    csrrw   t6, sscratch, t6
    .irp n,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    sd      x\n, R(\n)(t6)
    .endr
    mv      s0, t6
    CFI_REGISTERS_AT_S0
    csrr    t0, sscratch
    sd      t0, R(31)(s0)
    csrr    t0, sepc
    sd      t0, R_PC(s0)
    csrr    t0, sstatus
    sd      t0, R_STATUS(s0)
    csrr    t0, scause
    sd      t0, R_CAUSE(s0)
    csrr    t0, stval
    sd      t0, R_VALUE(s0)
    li      t0, 1
    sd      t0, R_EXACT(s0)
    ld      t1, HART_DEPTH(tp)
    li      t0, TRAP_LEVELS
    bgeu    t1, t0, 9f          /* a trap in the last handler: nothing sane is left to do */
    slli    t2, t1, 3
    add     t2, t2, tp
    ld      sp, HART_STACKS(t2)
    ld      t3, HART_NESTED(t2)
    csrw    sscratch, t3
    addi    t1, t1, 1
    sd      t1, HART_DEPTH(tp)
    mv      a0, s0
    call    trap_handler
    .cfi_endproc
    /* falls through: a0 = the registers to go on with */
    .size   trap_entry, . - trap_entry

    .type   resume, @function
resume:
    .cfi_startproc
    .cfi_undefined 1
    ld      t1, HART_DEPTH(tp)
    addi    t1, t1, -1
    sd      t1, HART_DEPTH(tp)
    csrw    sscratch, a0
    ld      t0, R_EXACT(a0)
    beqz    t0, 1f
    ld      t0, R_PC(a0)
    csrw    sepc, t0
    ld      t0, R_STATUS(a0)
    csrw    sstatus, t0
    mv      t6, a0
    .irp n,1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld      x\n, R(\n)(t6)      /* not x4: tp is the hart's, and the hart may be another now */
    .endr
    sret
1:  EACH_SAVED ld, a0
    ld      sp, R(2)(a0)
    ld      ra, R(1)(a0)
    ret                         /* into the caller of switch_out, interrupts off */
9:  li      a0, 98              /* exit status */
    call    machine_exit
    .cfi_endproc
    .size   resume, . - resume

    .globl  switch_out
    .type   switch_out, @function
switch_out:
    .cfi_startproc
    ld      a0, HART_CURRENT(tp)
    EACH_SAVED sd, a0
    sd      sp, R(2)(a0)
    sd      ra, R(1)(a0)
    sd      ra, R_PC(a0)
    sd      zero, R_EXACT(a0)
    ld      sp, HART_STACKS(tp)
    ld      t0, HART_NESTED(tp)
    csrw    sscratch, t0
    li      t1, 1
    sd      t1, HART_DEPTH(tp)
    call    dispatch
    j       resume
    .cfi_endproc
    .size   switch_out, . - switch_out

    .globl  task_first
    .type   task_first, @function
    .cfi_startproc
    .cfi_undefined 1
    nop                         /* so that task_first - 1 lies in this frame description, too */
task_first:
    csrsi   sstatus, 2          /* interrupts on */
    mv      a0, s0
    jalr    s1
    call    task_end
    unimp
    .cfi_endproc
    .size   task_first, . - task_first

/* enum status guarded_call(enum status (*function)(void *), void *argument): see nucleus/task.h.
 * The frame: 0 the outer recovery, 8 sstatus, 16 ra, 24.. s0 to s11. */
#define TASK_RECOVERY 400
    .globl  guarded_call, guard_return
    .type   guarded_call, @function
guarded_call:
    .cfi_startproc
    addi    sp, sp, -128
    .cfi_def_cfa_offset 128
    sd      ra, 16(sp)
    .cfi_offset 1, -112
    sd      s0, 24(sp)
    .cfi_offset 8, -104
    sd      s1, 32(sp)
    .cfi_offset 9, -96
    .irp n,18,19,20,21,22,23,24,25,26,27
    sd      x\n, (40 + 8 * (\n - 18))(sp)
    .cfi_offset \n, (40 + 8 * (\n - 18)) - 128
    .endr
    csrr    t0, sstatus
    sd      t0, 8(sp)
    ld      s0, HART_CURRENT(tp) /* the head of this task, whichever hart it is on later */
    ld      t1, TASK_RECOVERY(s0)
    sd      t1, 0(sp)
    sd      sp, TASK_RECOVERY(s0)
    mv      t0, a0
    mv      a0, a1
    jalr    t0
    ld      t1, 0(sp)
    sd      t1, TASK_RECOVERY(s0)
guard_return:                   /* after a fault: sp = the frame, a0 = ERR_FAULT, recovery is reset */
    ld      ra, 16(sp)
    ld      s0, 24(sp)
    ld      s1, 32(sp)
    .irp n,18,19,20,21,22,23,24,25,26,27
    ld      x\n, (40 + 8 * (\n - 18))(sp)
    .endr
    addi    sp, sp, 128
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size   guarded_call, . - guarded_call

/* void text_copy_words(to, from, words, boot_satp): the stores go through the boot table, which maps
 * everything writable. No stack, no call, interrupts off: nothing but this loop and `from` (in the
 * direct map) is looked up meanwhile. */
    .globl  text_copy_words
    .type   text_copy_words, @function
text_copy_words:
    .cfi_startproc
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
    .cfi_endproc
    .size   text_copy_words, . - text_copy_words
