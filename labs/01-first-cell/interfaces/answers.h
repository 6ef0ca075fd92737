/**
 * @file answers.h
 * Interface `answers`: what you found out in lab 1. Your cell of that name provides it.
 */
#ifndef LAB_ANSWERS_H
#define LAB_ANSWERS_H

/** Your answer to question @p number of the handout, 1 to 4: a word, "" if you have none yet. */
const char *answers_to(unsigned number);

#endif
