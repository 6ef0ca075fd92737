# The pure parts of the cells shell and commands: line editor, words, completion, JSON writer.

set(shell_support nucleus/format.c renamed_string.c)
mitos_host_test(shell_line SOURCES test_shell_line.c terminal.c cells/shell/line.c cells/shell/screen.c
                                   cells/shell/history.c ${shell_support})
mitos_host_test(shell_words SOURCES test_shell_words.c cells/shell/words.c ${shell_support})
mitos_host_test(shell_names SOURCES test_shell_names.c cells/shell/completion.c cells/shell/nearest.c
                                    cells/shell/line.c cells/shell/screen.c cells/shell/history.c
                                    ${shell_support})
mitos_host_test(commands_json SOURCES test_commands_json.c cells/commands/json.c ${shell_support})
