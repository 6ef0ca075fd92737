# shellcheck shell=bash
# The command `grade` of ../../mitos, which sources this: builds what the grader needs, and calls it.

show_grade_help() {
    cat << 'TEXT'
./mitos grade LAB [--submission DIR] [--format text|json|gradescope|junit] [--preset dev|debug]

Grades a lab: LAB is its number or its name. Of the submission, which is the lab's folder unless DIR is given, only the
files that the lab's lab.json names are taken (from DIR, or from DIR/start where there is such a folder); everything
else is this tree's. Each part is built apart: one that does not compile costs its own points only. Each check runs in a
machine of its own that counts instructions, so the grade does not depend on how busy this one is.

Only the report goes to standard output, what goes on to standard error. The exit status is 0 when it was
graded, whatever the points, 1 when it could not be, 2 after wrong use.

At the prompt of a running system, `check LAB` runs the same checks in it.
TEXT
}

cmd_grade() {
    local preset=dev lab='' submission='' format=text
    while (( $# > 0 )); do
        case $1 in
            --preset) preset=$(value grade "$@"); shift 2 ;;
            --submission) submission=$(value grade "$@"); shift 2 ;;
            --format) format=$(value grade "$@"); shift 2 ;;
            -*) usage grade "unknown argument '$1'" ;;
            *) [[ -z $lab ]] || usage grade "one lab at a time, not also '$1'"
               lab=$1; shift ;;
        esac
    done
    check_preset grade "$preset"
    [[ -n $lab ]] || usage grade 'which lab? Its number or its name is missing'
    [[ $format =~ ^(text|json|gradescope|junit)$ ]] || usage grade "there is no format '$format'"
    if [[ -n $submission ]]; then
        [[ -d $submission ]] || die 2 "there is no folder $submission (--submission DIR)."
        submission=$(realpath "$submission")
    fi
    ensure_setup "$assume_yes"
    lock_tree
    build_tree "$preset" grading
    flock --shared "$tree_lock" # others may grade, and nobody builds, until the end
    "$root/labs/grader/grade.py" "$lab" ${submission:+--submission "$submission"} --format "$format" \
        --config "$root/build/$preset/labs/config.json"
}
