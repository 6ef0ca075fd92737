# Toolchain file: GCC for bare RISC-V. MITOS_CROSS chooses another riscv-gnu-toolchain by its prefix
# ("riscv64-linux-gnu-", "/opt/riscv/bin/riscv64-unknown-elf-"), as a cache or an environment variable.

if(NOT MITOS_CROSS)
    set(MITOS_CROSS riscv64-unknown-elf-)
    if(NOT "$ENV{MITOS_CROSS}" STREQUAL "")
        set(MITOS_CROSS $ENV{MITOS_CROSS})
    endif()
endif()
set(MITOS_CROSS ${MITOS_CROSS} CACHE STRING "Prefix of the cross compiler's commands")

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER ${MITOS_CROSS}gcc)
set(CMAKE_ASM_COMPILER ${MITOS_CROSS}gcc)
# There is no C library to link CMake's trial programs against.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MITOS_CROSS)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
