# The pure parts of sched_mlfq, clock and uart: the feedback queue, units of time, the ring.

mitos_host_test(cells_levels SOURCES test_cells_levels.c)
mitos_host_test(cells_ticks SOURCES test_cells_ticks.c)
mitos_host_test(cells_ring SOURCES test_cells_ring.c)
