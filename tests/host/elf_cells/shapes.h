/* What the two halves of the fixture cell declare to each other and to the world. */
#ifndef SHAPES_H
#define SHAPES_H

int shape_import(int x);
void shape_note(const char *text);
void *shape_take(int size);
void shape_give(void *thing);
void shape_each(int (*run)(int));

int shape_switch(int x, int y);
int shape_goto(int x, const unsigned char *program);
void *shape_address(int which);
int shape_long(int x);
int shape_tail(int x);
int shape_callback(void);
int shape_clean(int depth);
int shape_clean_loop(int count);

#endif
