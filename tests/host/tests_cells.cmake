# The pure parts of sched_mlfq, clock, uart and virtio: the feedback queue, units of time, the rings.

mitos_host_test(cells_levels SOURCES test_cells_levels.c)
mitos_host_test(cells_ticks SOURCES test_cells_ticks.c)
mitos_host_test(cells_ring SOURCES test_cells_ring.c)
mitos_host_test(cells_virtqueue SOURCES test_cells_virtqueue.c platform.c)
