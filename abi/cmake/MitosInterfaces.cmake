# The interfaces as a whole: the list of every function that a header of abi/ declares, which pack holds
# imports and exports against, their signatures, the nucleus' own exports, and the check that every header compiles
# alone.

# mitos_list_functions(LIST FOLDER HEADER...): makes the file LIST, NAME.txt, a line "SYMBOL HEADER" for each function
# that a HEADER of FOLDER declares; one probe includes all of them. And NAME.types beside it, their signatures, from
# a probe for each header.
function(mitos_list_functions list folder)
    set(headers ${ARGN})
    list(TRANSFORM headers REPLACE "(.+)" "#include \"\\1\"\n" OUTPUT_VARIABLE includes)
    list(JOIN includes "" includes)
    cmake_path(GET list STEM name)
    set(probe ${CMAKE_BINARY_DIR}/interfaces/probe_${name}.c)
    file(CONFIGURE OUTPUT ${probe} CONTENT "${includes}" @ONLY)
    add_custom_command(
        OUTPUT ${list}
        COMMAND ${CMAKE_SOURCE_DIR}/abi/cmake/list_interfaces.sh ${probe} ${list} ${folder}
                ${CMAKE_C_COMPILER} ${MITOS_GCC_FLAGS} -I${CMAKE_SOURCE_DIR}/abi
        DEPENDS ${probe} ${CMAKE_SOURCE_DIR}/abi/cmake/list_interfaces.sh
        DEPFILE ${list}.d
        COMMENT "Listing the functions of ${name}"
        VERBATIM)
    mitos_probe_headers(${list} ${folder} ${headers})
endfunction()

# Probes are compiled as cells are, with BTF.
function(mitos_probe_headers list folder)
    cmake_path(REPLACE_EXTENSION list LAST_ONLY .types OUTPUT_VARIABLE types)
    cmake_path(GET list STEM name)
    set(probes ${CMAKE_BINARY_DIR}/interfaces/${name})
    string(REPLACE "/" "_" names "${ARGN}")
    list(TRANSFORM names PREPEND ${probes}/)
    list(TRANSFORM names APPEND .c OUTPUT_VARIABLE sources)
    list(TRANSFORM names APPEND .o OUTPUT_VARIABLE objects)
    add_custom_command(
        OUTPUT ${sources}
        COMMAND ${CMAKE_SOURCE_DIR}/abi/cmake/probe_headers.sh ${list} ${probes} ${ARGN}
        DEPENDS ${list} ${CMAKE_SOURCE_DIR}/abi/cmake/probe_headers.sh
        COMMENT "Writing probes of ${name}"
        VERBATIM)
    foreach(probe IN LISTS names)
        add_custom_command(
            OUTPUT ${probe}.o
            COMMAND ${MITOS_CCACHE} ${CMAKE_C_COMPILER} ${MITOS_GCC_FLAGS} -w -DMITOS_DEBUG=$<CONFIG:Debug>
                    -I${folder} -I${CMAKE_SOURCE_DIR}/abi ${MITOS_BTF_FLAGS} -MD -MF ${probe}.d -MT ${probe}.o
                    -c ${probe}.c -o ${probe}.o
            DEPENDS ${probe}.c
            DEPFILE ${probe}.d
            COMMENT "Compiling a probe of ${name}"
            VERBATIM)
    endforeach()
    get_property(pack GLOBAL PROPERTY MITOS_PACK)
    add_custom_command(
        OUTPUT ${types}
        COMMAND ${pack} signatures -o ${types} ${objects}
        DEPENDS ${objects} ${pack}
        COMMENT "Signatures of the functions of ${name}"
        VERBATIM)
endfunction()

# mitos_add_test_interfaces(FOLDER [NAME]): the headers of FOLDER are interfaces beside those of abi/, for the cells
# that say INTERFACES FOLDER (see MitosCell.cmake). NAME tells further such folders apart.
function(mitos_add_test_interfaces folder)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.h)
    list(JOIN ARGN "" name)
    set(name test_interfaces${name})
    set(list ${CMAKE_BINARY_DIR}/${name}.txt)
    mitos_list_functions(${list} ${folder} ${headers})
    add_custom_target(${name} ALL DEPENDS ${list} ${CMAKE_BINARY_DIR}/${name}.types)
    set_property(GLOBAL PROPERTY MITOS_INTERFACES_${folder} ${list})
endfunction()

function(mitos_add_interfaces)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/abi abi/*.h abi/nucleus/*.h)

    set(list ${CMAKE_BINARY_DIR}/interfaces.txt)
    mitos_list_functions(${list} ${CMAKE_SOURCE_DIR}/abi ${headers})
    set(types ${CMAKE_BINARY_DIR}/interfaces.types)
    add_custom_target(interfaces ALL DEPENDS ${list} ${types})
    set_property(GLOBAL PROPERTY MITOS_INTERFACES ${list})

    # What abi/nucleus declares, the nucleus exports: the headers, then EACH_EXPORT(X), which is
    # X(function, signature) for each (nucleus/cell_table.c).
    set(exports ${CMAKE_BINARY_DIR}/generated/exports.h)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
    add_custom_command(
        OUTPUT ${exports}
        COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/list_exports.sh ${list} ${types} ${exports}
        DEPENDS ${list} ${types} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/list_exports.sh
        COMMENT "Listing what the nucleus exports"
        VERBATIM)
    set(MITOS_EXPORTS ${exports} PARENT_SCOPE)

    # One file for each header, included twice, shows that it stands alone.
    foreach(header IN LISTS headers)
        string(REPLACE "/" "_" name ${header})
        set(alone ${CMAKE_BINARY_DIR}/interfaces/alone/${name}.c)
        file(CONFIGURE OUTPUT ${alone} CONTENT "#include \"${header}\"\n#include \"${header}\"\n" @ONLY)
        list(APPEND alone_sources ${alone})
    endforeach()
    add_library(abi_headers OBJECT ${alone_sources})
    mitos_guest_options(abi_headers)
    mitos_check_sources(abi_headers stamps ALLOWED abi ${CMAKE_BINARY_DIR}/interfaces)
endfunction()
