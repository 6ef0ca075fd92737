/* For assembly sources: a global function, with what a debugger and the unwinder want of it. */
#ifndef MITOS_ASSEMBLY_H
#define MITOS_ASSEMBLY_H

.macro FUNCTION name
    .balign 4
    .globl  \name
    .type   \name, @function
\name:
    .cfi_startproc
.endm

.macro END name
    .cfi_endproc
    .size   \name, . - \name
.endm

#endif
