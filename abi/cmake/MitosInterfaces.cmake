# The interfaces as a whole: the list of every function that a header of abi/ declares, which pack holds
# imports and exports against, the nucleus' own exports, and the check that every header compiles alone.

# mitos_list_functions(LIST FOLDER HEADER...): makes the file LIST, a line "SYMBOL HEADER" for each function
# that a HEADER of FOLDER declares. One probe includes all of them.
function(mitos_list_functions list folder)
    list(TRANSFORM ARGN REPLACE "(.+)" "#include \"\\1\"\n" OUTPUT_VARIABLE includes)
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
endfunction()

# mitos_add_test_interfaces(FOLDER): the headers of FOLDER are interfaces beside those of abi/, for the cells
# that say INTERFACES FOLDER (see MitosCell.cmake).
function(mitos_add_test_interfaces folder)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.h)
    set(list ${CMAKE_BINARY_DIR}/test_interfaces.txt)
    mitos_list_functions(${list} ${folder} ${headers})
    add_custom_target(test_interfaces ALL DEPENDS ${list})
    set_property(GLOBAL PROPERTY MITOS_INTERFACES_${folder} ${list})
endfunction()

function(mitos_add_interfaces)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/abi abi/*.h abi/nucleus/*.h)

    set(list ${CMAKE_BINARY_DIR}/interfaces.txt)
    mitos_list_functions(${list} ${CMAKE_SOURCE_DIR}/abi ${headers})
    add_custom_target(interfaces ALL DEPENDS ${list})
    set_property(GLOBAL PROPERTY MITOS_INTERFACES ${list})

    # What abi/nucleus declares, the nucleus exports: the headers, then EACH_EXPORT(X), which is X(function)
    # for each (nucleus/cell_table.c).
    set(exports ${CMAKE_BINARY_DIR}/generated/exports.h)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
    add_custom_command(
        OUTPUT ${exports}
        COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/list_exports.sh ${list} ${exports}
        DEPENDS ${list} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/list_exports.sh
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
