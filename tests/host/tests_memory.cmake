# Memory and tables of the nucleus: frames, heap, symbols, device tree, archive, strings and formats.

set(memory_support platform.c renamed_string.c nucleus/why.c nucleus/format.c)

# test_frame includes nucleus/frame.c.
mitos_host_test(frame SOURCES test_frame.c ${memory_support})

set(heap_sources test_heap.c nucleus/heap.c nucleus/heap_slab.c nucleus/frame.c ${memory_support})
mitos_host_test(heap SOURCES ${heap_sources} DEFINITIONS MITOS_DEBUG=0)
mitos_host_test(heap_debug SOURCES ${heap_sources} DEFINITIONS MITOS_DEBUG=1)
