# What Doxygen gets to read of a header: the comment behind a member is about that member, as everybody but
# Doxygen knows; and @file alone is the file that is read (two of them are called task.h).
s,^( \* @file) .*,\1,
s,^( *#define [^(]* +)/\* ,\1/**< ,
s,^( *[^ /*#].*[;\,A-Z0-9_}] +)/\* ,\1/**< ,
