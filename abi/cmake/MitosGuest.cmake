# How every guest file is compiled (mitos_guest_options) and checked (mitos_check_sources).

set(MITOS_GUEST_TARGET -mabi=lp64 -mcmodel=medany -ffreestanding -std=gnu17)

# The unwind flags are part of the design: a fault is unwound from the exact faulting instruction.
# Without -fno-tree-sink GCC 12 drops the last store of a loop in a cleanup that it has inlined: it takes the
# call of _Unwind_Resume() for one that reads no memory (the test unwind.fault_at_every_instruction sees it).
set(MITOS_GCC_FLAGS
    -march=rv64imac_zicsr_zifencei
    ${MITOS_GUEST_TARGET}
    -fexceptions
    -fnon-call-exceptions
    -fno-tree-sink
    -fasynchronous-unwind-tables
    -fno-delete-null-pointer-checks
    -fno-common
    -fno-stack-protector
    -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=
    -Wall
    -Wextra
    -Wconversion
    -Wvla
    -Wstrict-prototypes
    -Wmissing-prototypes
    -Wuse-after-free=3
    -Werror)

# GCC leaves out the cleanups around a call of a function that it has found not to throw, in three places. But such
# a function can overflow the stack, and its task can be killed in it: so it is not to look.
set(MITOS_GCC_CODE_FLAGS -fno-ipa-pure-const -fdisable-tree-nothrow -fdisable-rtl-nothrow)

# Only for tests/bench/flags.py, which measures what ownership and unwinding cost: such a system cannot clean up after
# a fault, and is not checked, so its build has no tests.
option(MITOS_WITHOUT_GAP_FLAGS "Leave out the flags that close the gaps of GCC's tables" OFF)
option(MITOS_WITHOUT_UNWIND_FLAGS "Leave out these, and those that make a fault run cleanups" OFF)
option(MITOS_WITHOUT_GUARDS "OWN means nothing" OFF)
set(MITOS_UNCHECKED OFF)
if(MITOS_WITHOUT_GAP_FLAGS OR MITOS_WITHOUT_UNWIND_FLAGS OR MITOS_WITHOUT_GUARDS)
    set(MITOS_UNCHECKED ON)
    message(WARNING "This build is for measuring only: a fault in it leaks what its task holds.")
    list(APPEND MITOS_GCC_FLAGS -Wno-unused-function)
endif()
if(MITOS_WITHOUT_GAP_FLAGS OR MITOS_WITHOUT_UNWIND_FLAGS)
    set(MITOS_GCC_CODE_FLAGS "")
    list(REMOVE_ITEM MITOS_GCC_FLAGS -fno-tree-sink)
endif()
if(MITOS_WITHOUT_UNWIND_FLAGS)
    list(REMOVE_ITEM MITOS_GCC_FLAGS -fexceptions -fnon-call-exceptions)
endif()

# Build types: Dev is what is measured and shipped, Debug is for stepping through.
set(CMAKE_C_FLAGS_DEV "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
set(CMAKE_ASM_FLAGS_DEV "-g")
set(CMAKE_ASM_FLAGS_DEBUG "-g")

# The compilers' own freestanding headers, and no others: -nostdinc keeps the host's and newlib's out.
foreach(folder include include-fixed)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=${folder}
                    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    if(IS_DIRECTORY ${path})
        list(APPEND MITOS_COMPILER_INCLUDES ${path})
    endif()
endforeach()

find_program(MITOS_CLANG clang REQUIRED)
execute_process(COMMAND ${MITOS_CLANG} -print-resource-dir
                OUTPUT_VARIABLE clang_resources OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

foreach(path IN LISTS MITOS_COMPILER_INCLUDES)
    file(REAL_PATH ${path} path)
    list(APPEND MITOS_COMPILER_INCLUDES_REAL ${path})
endforeach()
list(TRANSFORM MITOS_COMPILER_INCLUDES PREPEND -isystem OUTPUT_VARIABLE gcc_include_flags)
list(APPEND MITOS_GCC_FLAGS -nostdinc ${gcc_include_flags})

# clang compiles nothing here: it checks ownership and locks (abi/own.h). Its older versions do not know
# the names of the z-extensions, which make no difference to a check of the syntax tree.
set(MITOS_CLANG_FLAGS
    --target=riscv64-unknown-elf
    -march=rv64imac
    ${MITOS_GUEST_TARGET}
    -nostdinc
    -isystem${clang_resources}/include
    -fsyntax-only
    -Wthread-safety
    -Werror)

# check_source.sh reads both compilers' flags from response files.
foreach(compiler gcc clang)
    string(TOUPPER ${compiler} upper)
    list(JOIN MITOS_${upper}_FLAGS "\"\n\"" flags)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/checks/${compiler}.flags CONTENT "\"${flags}\"\n" @ONLY)
endforeach()

# What looks, in an object, for places where a fault would skip cleanups. MITOS_GAP_FILES: what it is made of.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(MITOS_GAP_FILES ${CMAKE_SOURCE_DIR}/abi/cmake/lints/unwind_gaps.py
                    ${CMAKE_SOURCE_DIR}/abi/cmake/lints/unwind_gaps.exempt)
set(MITOS_FIND_GAPS ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/abi/cmake/lints/unwind_gaps.py
                    --exempt ${CMAKE_SOURCE_DIR}/abi/cmake/lints/unwind_gaps.exempt ${CMAKE_OBJDUMP})
if(MITOS_UNCHECKED)
    set(MITOS_FIND_GAPS ${CMAKE_COMMAND} -E true)
endif()

# mitos_guest_options(TARGET): the flags for everything that runs in the guest.
function(mitos_guest_options target)
    target_compile_options(${target} PRIVATE ${MITOS_GCC_FLAGS} $<$<COMPILE_LANGUAGE:C>:${MITOS_GCC_CODE_FLAGS}>)
    target_compile_definitions(${target} PRIVATE MITOS_DEBUG=$<CONFIG:Debug>
                                                 $<$<BOOL:${MITOS_WITHOUT_GUARDS}>:MITOS_WITHOUT_GUARDS>)
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/abi)
endfunction()

# mitos_check_sources(TARGET STAMPS ALLOWED DIR... [DEPENDS FILE...]): every C file of TARGET is checked by
# check_source.sh: it includes nothing from outside the folders ALLOWED (relative to the root, or
# absolute), and clang finds no fault with it. Returns the checks' stamp files in the variable STAMPS;
# whatever is linked from TARGET's objects depends on them. DEPENDS names generated headers.
function(mitos_check_sources target stamps_variable)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "ALLOWED;DEPENDS")
    if(MITOS_UNCHECKED)
        set(${stamps_variable} "" PARENT_SCOPE)
        return()
    endif()
    set(allowed "")
    foreach(folder IN LISTS arg_ALLOWED MITOS_COMPILER_INCLUDES)
        file(REAL_PATH ${folder} folder BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
        list(APPEND allowed ${folder})
    endforeach()
    list(JOIN allowed ":" allowed)
    get_target_property(folder ${target} SOURCE_DIR)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.c$")
    set(definitions "$<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>")
    set(includes "$<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>")
    set(stamps "")
    file(GLOB lints ${CMAKE_SOURCE_DIR}/abi/cmake/lints/*)
    foreach(source IN LISTS sources)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder} NORMALIZE)
        cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE name)
        string(REPLACE "/" "_" stamp ${name})
        set(stamp ${CMAKE_BINARY_DIR}/checks/${target}/${stamp}.checked)
        add_custom_command(
            OUTPUT ${stamp}
            COMMAND
                ${CMAKE_SOURCE_DIR}/abi/cmake/check_source.sh ${source} ${stamp} ${allowed}
                ${CMAKE_C_COMPILER} ${MITOS_CLANG} ${CMAKE_BINARY_DIR}/checks
                "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},;-D>>"
                "$<$<BOOL:${includes}>:-I$<JOIN:${includes},;-I>>"
            DEPENDS ${source} ${CMAKE_SOURCE_DIR}/abi/cmake/check_source.sh ${lints} ${arg_DEPENDS}
            DEPFILE ${stamp}.d
            COMMENT "Checking ${name}"
            COMMAND_EXPAND_LISTS VERBATIM)
        list(APPEND stamps ${stamp})
    endforeach()
    add_custom_target(check_${target} ALL DEPENDS ${stamps})
    set(${stamps_variable} ${stamps} PARENT_SCOPE)
endfunction()
