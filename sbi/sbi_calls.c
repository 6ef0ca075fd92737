/* The SBI calls, one function each. Register use: SBI specification 1.0, chapter 3. */
#include "sbi_calls.h"

#define LEGACY_PUTCHAR 1u

static struct sbi_result call(uint32_t extension, uint32_t function, uint64_t arg0, uint64_t arg1,
                              uint64_t arg2, uint64_t arg3)
{
    register uint64_t a0 __asm__("a0") = arg0;
    register uint64_t a1 __asm__("a1") = arg1;
    register uint64_t a2 __asm__("a2") = arg2;
    register uint64_t a3 __asm__("a3") = arg3;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;

    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1)
                     : "r"(a2), "r"(a3), "r"(a6), "r"(a7)
                     : "memory");
    return (struct sbi_result){(long)a0, (long)a1};
}

long sbi_base(unsigned function)
{
    return call(SBI_BASE, function, 0, 0, 0, 0).value;
}

bool sbi_has(uint32_t extension)
{
    return call(SBI_BASE, 3, extension, 0, 0, 0).value != 0;
}

void sbi_putchar(char byte)
{
    call(LEGACY_PUTCHAR, 0, (uint8_t)byte, 0, 0, 0);
}

void sbi_timer(uint64_t ticks)
{
    call(SBI_TIME, 0, ticks, 0, 0, 0);
}

void sbi_send_ipi(uint64_t hart)
{
    call(SBI_IPI, 0, 1, hart, 0, 0);
}

void sbi_fence_i(uint64_t mask)
{
    call(SBI_RFENCE, 0, mask, 0, 0, 0);
}

void sbi_fence_vma(uint64_t mask, uint64_t address, uint64_t bytes)
{
    call(SBI_RFENCE, 1, mask, 0, address, bytes);
}

bool sbi_start_hart(uint64_t hart, uint64_t entry, uint64_t opaque)
{
    return call(SBI_HSM, 0, hart, entry, opaque, 0).error == 0;
}

void sbi_shutdown(void)
{
    call(SBI_SRST, 0, 0, 0, 0, 0);
}
