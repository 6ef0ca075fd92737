/* Where OpenSBI hands over: S-mode, MMU off, a0 = hardware id of this hart, a1 = device tree. And the calls
 * into the firmware.
 *
 * The nucleus is linked in the upper half. The boot table maps physical memory there with pages of
 * 1 GiB; when satp is written the next fetch, still at a physical address, faults, and stvec leads it
 * on at the virtual one. So nothing is ever mapped in the lower half. */
#include "assembly.h"

#define DIRECT_MAP_BASE  0xffffffc000000000
#define SATP_SV39        (8 << 60)
#define GIGAPAGE_FLAGS   0xcf   /* D A X W R V (privileged specification 4.3) */
#define HART_IDLE_STACK  16     /* struct hart, harts.h */
#define HART_STACK_BYTES 40960

    .section .text.entry, "ax"
FUNCTION _entry
    .cfi_undefined 1
    csrw    sie, zero
    rdinstret a2
    lla     t0, boot_table
    srli    t0, t0, 12
    li      t1, SATP_SV39
    or      t0, t0, t1
    lla     t1, 1f
    li      t2, DIRECT_MAP_BASE
    add     t1, t1, t2
    csrw    stvec, t1
    sfence.vma
    csrw    satp, t0
    .balign 4
1:
    /* Only the first comer boots. All others are started by it, one after another, and come here, too:
     * OpenSBI 1.1 may send a hart that it starts to where it was first told to go, whatever we ask for,
     * as it marks the hart as started before it notes the address. */
    lla     t0, boot_lottery
    li      t1, 1
    amoswap.w.aq t1, t1, (t0)
    bnez    t1, 3f
    lla     t0, bss_start
    lla     t1, bss_end
2:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 2b
    lla     tp, harts
    lla     sp, hart_stacks + HART_STACK_BYTES
    call    boot
3:  ld      tp, starting_hart
    ld      sp, HART_IDLE_STACK(tp)
    call    hart_main
    unimp
END _entry

/* struct sbi_result sbi_call(extension, function, arg0, arg1, arg2, arg3): SBI specification 1.0, chapter 3. */
FUNCTION sbi_call
    mv      a7, a0
    mv      a6, a1
    mv      a0, a2
    mv      a1, a3
    mv      a2, a4
    mv      a3, a5
    ecall
    ret
END sbi_call

    .section .data, "aw"
boot_lottery:                   /* not in .bss, which the winner clears */
    .word   0

    /* The root table: the direct map (entries 256 to 383) and nothing else, readable, writable and
     * executable. Never written. */
    .section .rodata, "a"
    .balign 4096
    .globl  boot_table
boot_table:
    .zero   256 * 8
    .set    gigapage, 0
    .rept   128
    .dword  gigapage << 28 | GIGAPAGE_FLAGS     /* its page number begins at bit 10 of the entry */
    .set    gigapage, gigapage + 1
    .endr
    .zero   128 * 8
