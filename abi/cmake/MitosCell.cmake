# mitos_cell(NAME [SOURCES FILE...] [NOT_IN_ARCHIVE] [INTERFACES FOLDER]) builds build/PRESET/cells/NAME.cell
# from the C files of the calling folder: compile, join with `ld -r`, check and complete with pack. The cell
# goes into the boot archive unless NOT_IN_ARCHIVE is given. INTERFACES is for tests: the cell may use the
# headers of FOLDER, too, which mitos_add_test_interfaces() has made known.
#
# mitos_cell(NAME ... FOLDER FOLDER HEADERS FILE...): the cell's own files are those of FOLDER, not of the calling
# one, and it may include the generated headers FILE..., too.
#
# mitos_cell(NAME VARIANT V SOURCES FILE... [OPTIONS OPTION...]) builds another version of a cell from its
# sources, compiled with OPTION..., as build/PRESET/cells/V/NAME.cell. It goes into no archive by itself. The
# lints see the sources when the cell itself is built. With IN_ARCHIVE it lies in the boot archive, as V/NAME.cell, for
# `swap NAME V/NAME.cell`, and the lints see its sources, as they may be its own.
#
# mitos_cell(NAME ... STAND_IN [KEEPS FILE... FUNCTION...]): with it is made what takes its place in quarantine
# (pack stand-in), and goes into the boot archives as stand_in/NAME.cell. It has FILE... of the cell as they are, with
# all that they export, FUNCTION...: how clients give back what the cell's state leads to.

# What pack reads types from (abi/pack/btf.c).
set(MITOS_BTF_FLAGS -g -gbtf)

# No tail calls: the nucleus tells by the return address which cell asks (kind_create()), and a backtrace shows
# every function that is on the way.
set(MITOS_CELL_FLAGS -mno-relax -fvisibility=hidden -fno-optimize-sibling-calls ${MITOS_BTF_FLAGS})

function(mitos_cell name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOT_IN_ARCHIVE;IN_ARCHIVE;STAND_IN" "INTERFACES;VARIANT;FOLDER"
                          "SOURCES;OPTIONS;KEEPS;HEADERS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "mitos_cell(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
        message(FATAL_ERROR "mitos_cell(${name}): a cell's name is a lower-case C identifier")
    endif()
    if(NOT arg_SOURCES)
        file(GLOB arg_SOURCES CONFIGURE_DEPENDS *.c)
    endif()
    if(NOT arg_SOURCES)
        message(WARNING "mitos_cell(${name}): ${CMAKE_CURRENT_SOURCE_DIR} has no C file, so there is no cell")
        return()
    endif()
    set(target cell_${name})
    set(base ${CMAKE_BINARY_DIR}/cells/${name})
    if(arg_VARIANT)
        set(target cell_${arg_VARIANT}_${name})
        set(base ${CMAKE_BINARY_DIR}/cells/${arg_VARIANT}/${name})
        file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/cells/${arg_VARIANT})
    endif()

    if(NOT arg_FOLDER)
        set(arg_FOLDER ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
    set(generated "")
    foreach(header IN LISTS arg_HEADERS)
        cmake_path(GET header PARENT_PATH folder)
        list(APPEND generated ${folder})
    endforeach()
    add_library(${target} OBJECT ${arg_SOURCES} ${arg_HEADERS})
    target_include_directories(${target} PRIVATE ${generated})
    mitos_guest_options(${target})
    target_compile_options(${target} PRIVATE ${MITOS_CELL_FLAGS} ${arg_OPTIONS})
    target_compile_definitions(${target} PRIVATE MITOS_CELL=1)
    get_property(interfaces GLOBAL PROPERTY MITOS_INTERFACES)
    if(arg_INTERFACES)
        target_include_directories(${target} PRIVATE ${arg_INTERFACES})
        get_property(further GLOBAL PROPERTY MITOS_INTERFACES_${arg_INTERFACES})
        list(APPEND interfaces ${further})
    endif()
    if(NOT arg_VARIANT OR arg_IN_ARCHIVE)
        mitos_check_sources(${target} checks ALLOWED ${arg_FOLDER} abi ${arg_INTERFACES} ${generated}
                            DEPENDS ${arg_HEADERS})
    endif()
    list(TRANSFORM interfaces REPLACE "\\.txt$" ".types" OUTPUT_VARIABLE types)
    list(TRANSFORM interfaces PREPEND "--declared;" OUTPUT_VARIABLE declared)
    list(TRANSFORM types PREPEND "--signatures;" OUTPUT_VARIABLE signatures)

    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    set(object ${base}.o)
    set(cell ${base}.cell)
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${CMAKE_LINKER} -r -o ${object} $<TARGET_OBJECTS:${target}>
        COMMAND ${MITOS_FIND_GAPS} ${object}
        DEPENDS $<TARGET_OBJECTS:${target}> ${checks} ${MITOS_GAP_FILES}
        COMMENT "Joining the objects of cell ${name}"
        COMMAND_EXPAND_LISTS VERBATIM)
    set(rules "")
    if(arg_VARIANT STREQUAL "stand_in")
        set(rules --stand-in --state-of ${CMAKE_BINARY_DIR}/cells/${name}.cell)
    endif()
    add_custom_command(
        OUTPUT ${cell}
        COMMAND ${pack} cell -o ${cell} ${rules} ${declared} ${signatures} ${object}
        DEPENDS ${object} ${interfaces} ${types} ${pack}
        COMMENT "Packing cell ${name}"
        VERBATIM)
    if(arg_VARIANT)
        add_custom_target(${arg_VARIANT}_${name}.cell ALL DEPENDS ${cell})
        set_property(GLOBAL APPEND PROPERTY MITOS_VARIANTS_${arg_VARIANT} ${arg_VARIANT}=${cell})
        if(arg_IN_ARCHIVE)
            set_property(GLOBAL APPEND PROPERTY MITOS_ARCHIVE_ALSO ${arg_VARIANT}=${cell})
        endif()
        return()
    endif()
    add_custom_target(${name}.cell ALL DEPENDS ${cell})
    if(NOT arg_NOT_IN_ARCHIVE)
        set_property(GLOBAL APPEND PROPERTY MITOS_ARCHIVE_CELLS ${cell})
    endif()
    if(arg_STAND_IN)
        mitos_stand_in(${name} ${cell} "${arg_SOURCES}" "${arg_INTERFACES}" ${arg_KEEPS})
    endif()
endfunction()

# Identical functions are not folded, as each shall be found by its name.
function(mitos_stand_in name cell sources headers)
    set(folder ${CMAKE_BINARY_DIR}/stand_in/${name})
    list(TRANSFORM sources REPLACE "^.*/" "")
    set(kept ${ARGN})
    list(FILTER kept INCLUDE REGEX "\\.c$")
    list(REMOVE_ITEM sources ${kept})
    list(TRANSFORM sources PREPEND ${folder}/)
    list(TRANSFORM ARGN PREPEND "--keep;" OUTPUT_VARIABLE keep)
    file(MAKE_DIRECTORY ${folder})
    set(interfaces "")
    if(headers)
        set(interfaces INTERFACES ${headers})
    endif()
    list(PREPEND headers ${CMAKE_SOURCE_DIR}/abi)
    list(TRANSFORM headers PREPEND "--headers;")
    add_custom_command(
        OUTPUT ${sources}
        COMMAND ${pack} stand-in -o ${folder} ${declared} ${headers} ${keep} ${cell}
        DEPENDS ${cell} ${pack}
        COMMENT "Writing a stand-in for cell ${name}"
        VERBATIM)
    mitos_cell(${name} VARIANT stand_in SOURCES ${sources} ${kept} OPTIONS -fno-ipa-icf ${interfaces})
endfunction()

# mitos_variant_archive(V): build/PRESET/V/mitos.cpio, the boot archive and in its folder V the variants V of
# cells, and beside it a nucleus: `./mitos run --build build/PRESET/V`. To be called when all cells are known.
function(mitos_variant_archive variant)
    get_property(cells GLOBAL PROPERTY MITOS_ARCHIVE_CELLS)
    get_property(variants GLOBAL PROPERTY MITOS_VARIANTS_${variant})
    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    set(folder ${CMAKE_BINARY_DIR}/${variant})
    get_property(stand_ins GLOBAL PROPERTY MITOS_VARIANTS_stand_in)
    list(APPEND variants ${stand_ins})
    set(files ${variants})
    list(TRANSFORM files REPLACE "^[^=]*=" "")
    list(TRANSFORM variants PREPEND "--also;")
    set(defaults ${MITOS_DEFAULT})
    list(TRANSFORM defaults PREPEND "--default;")
    list(JOIN MITOS_BOOT " " boot)
    add_custom_command(
        OUTPUT ${folder}/mitos.cpio
        COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
        COMMAND ${pack} archive -o ${folder}/mitos.cpio --boot ${boot} ${defaults} ${variants} ${cells}
        COMMAND ${CMAKE_COMMAND} -E create_symlink ${CMAKE_BINARY_DIR}/mitos.elf ${folder}/mitos.elf
        DEPENDS ${cells} ${files} ${pack}
        COMMENT "Packing a boot archive with ${variant} cells"
        VERBATIM)
    add_custom_target(archive_${variant} ALL DEPENDS ${folder}/mitos.cpio)
endfunction()

# mitos_add_archive(): build/PRESET/mitos.cpio, all cells, what is loaded at boot, and which cell serves
# an interface that several provide.
#
# -DMITOS_BOOT=...: the cells that are loaded at boot, as one transaction; -DMITOS_DEFAULT=...: INTERFACE=CELL for each
# interface that several cells provide. What is not given is no cache entry, so that a tree that is updated gets the
# new defaults.
if(NOT DEFINED MITOS_BOOT)
    set(MITOS_BOOT vm sched_rr task clock plic uart inspect commands swaps evolve reclaim recovery labs shell)
endif()
if(NOT DEFINED MITOS_DEFAULT)
    set(MITOS_DEFAULT sched=sched_rr channel=chan_async)
endif()
file(WRITE ${CMAKE_BINARY_DIR}/boot_set.txt "${MITOS_BOOT}")

function(mitos_add_archive)
    get_property(cells GLOBAL PROPERTY MITOS_ARCHIVE_CELLS)
    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    set(archive ${CMAKE_BINARY_DIR}/mitos.cpio)
    get_property(stand_ins GLOBAL PROPERTY MITOS_VARIANTS_stand_in)
    get_property(parts GLOBAL PROPERTY MITOS_ARCHIVE_PARTS)
    get_property(also GLOBAL PROPERTY MITOS_ARCHIVE_ALSO)
    mitos_lab_machine("${MITOS_BOOT}" "${MITOS_DEFAULT}" "${stand_ins}" "${cells}")
    list(APPEND cells ${parts})
    list(APPEND stand_ins ${also})
    set(files ${stand_ins})
    list(TRANSFORM files REPLACE "^[^=]*=" "")
    list(TRANSFORM stand_ins PREPEND "--also;")
    set(defaults ${MITOS_DEFAULT})
    list(TRANSFORM defaults PREPEND "--default;")
    list(JOIN MITOS_BOOT " " boot)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/cells)
    add_custom_command(
        OUTPUT ${archive}
        COMMAND ${pack} archive -o ${archive} --boot ${boot} ${defaults} ${stand_ins} ${cells}
        DEPENDS ${cells} ${files} ${pack}
        COMMENT "Packing the boot archive"
        VERBATIM)
    add_custom_target(archive ALL DEPENDS ${archive})
endfunction()
