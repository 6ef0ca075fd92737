/* Where OpenSBI hands over: S-mode, MMU off, a0 = hardware id of this hart, a1 = device tree (or, for a
 * hart started through HSM, its struct hart, by physical address).
 *
 * The nucleus is linked in the upper half. The boot table maps physical memory there with pages of
 * 1 GiB; when satp is written the next fetch, still at a physical address, faults, and stvec leads it
 * on at the virtual one. So nothing is ever mapped in the lower half. */

#define DIRECT_MAP_BASE 0xffffffc000000000
#define SATP_SV39       (8 << 60)
#define GIGAPAGE_FLAGS  0xcf    /* D A X W R V (privileged specification 4.3) */
#define HART_STACKS     16      /* struct hart, harts.h */
#define HART_IDLE_STACK 64

/* Turns translation on and goes on at the virtual address of what follows. Uses t0, t1, t2. */
.macro ENTER_UPPER_HALF
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
.endm

/* Maps the gigapage that holds the physical address in \pa. Uses t0 to t2. */
.macro MAP_GIGAPAGE pa
    srli    t0, \pa, 30
    slli    t1, t0, 28          /* PPN of the gigapage, at bit 10 of the entry */
    ori     t1, t1, GIGAPAGE_FLAGS
    slli    t0, t0, 3
    lla     t2, boot_table
    add     t2, t2, t0
    li      t0, 256 * 8         /* upper half: entries 256 to 511 */
    add     t2, t2, t0
    sd      t1, 0(t2)
.endm

    .section .text.entry, "ax"
    .globl  _entry
_entry:
    .cfi_startproc
    .cfi_undefined 1
    csrw    sie, zero
    /* OpenSBI 1.1 may send a hart that it starts for us to where it was first told to go, that is here:
     * it marks the hart as started before it notes the address. Only the first comer boots. */
    lla     t0, boot_lottery
    li      t1, 1
    amoswap.w.aq t1, t1, (t0)
    bnez    t1, misled
    rdinstret s2
    mv      s0, a0
    mv      s1, a1
    lla     t0, bss_start
    lla     t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    lla     t3, _entry
    MAP_GIGAPAGE t3
    MAP_GIGAPAGE s1
    ENTER_UPPER_HALF
    lla     sp, boot_stack_top
    mv      a0, s0
    mv      a1, s1
    mv      a2, s2
    call    boot
    unimp
    .cfi_endproc

    .globl  secondary_entry
    .balign 4
secondary_entry:
    .cfi_startproc
    .cfi_undefined 1
    csrw    sie, zero
    j       1f
misled:
    lla     t0, starting_hart
    ld      a1, 0(t0)
1:
    mv      s1, a1
    ENTER_UPPER_HALF
    li      t0, DIRECT_MAP_BASE
    add     tp, s1, t0
    ld      sp, HART_IDLE_STACK(tp)
    call    hart_main
    unimp
    .cfi_endproc

    .section .data, "aw"
    .balign 8
    .globl  starting_hart
starting_hart:                  /* the struct hart that is being started, by physical address */
    .dword  0
boot_lottery:                   /* not in .bss, which the winner clears */
    .word   0

    .section .bss.boot_table, "aw", @nobits
    .balign 4096
    .globl  boot_table
boot_table:
    .space  4096

    .section .noinit, "aw", @nobits
    .balign 4096
    .globl  boot_stack, boot_stack_top
boot_stack:
    .space  16384
boot_stack_top:
