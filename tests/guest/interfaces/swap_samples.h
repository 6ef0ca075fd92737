/**
 * @file swap_samples.h
 * Functions of the cells swap_samples and swap_company (tests/guest/swap_samples). Only the second version of
 * swap_samples needs swap_company, which needs any of them: so it comes with the swap.
 */
#ifndef MITOS_SWAP_SAMPLES_H
#define MITOS_SWAP_SAMPLES_H

/** swap_samples: which of its versions serves, 1 or 2. */
unsigned samples_version(void);
/** swap_company: what samples_version() gives when it is called, and by a pointer. */
unsigned company_calls(void);
unsigned company_points(void);

#endif
