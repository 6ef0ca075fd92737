/* This cell's writer of JSON. */
#define JSON_WRITER_HERE
#include "json.h"
