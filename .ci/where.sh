# shellcheck shell=bash
# File and line of the places that fault reports name: what ../mitos says of them. Sourced by it; where.py does
# the work.

# Sets the array where to the command that finds lines for what runs from the folder $2 (or nothing) of build $1.
compose_where_command() {
    where=("$root/.ci/where.py" --build "$1" --root "$root" --tools "$cross")
    if [[ -n $2 ]]; then
        where+=(--booted "$2")
    fi
}

where_is_possible() {
    command -v python3 > /dev/null && command -v "${cross}addr2line" > /dev/null
}

# Copies what the guest says, with file and line behind the frames of backtraces, where the host can tell.
add_lines() {
    if where_is_possible; then
        "${where[@]}" --filter
    else
        cat
    fi
}

# say_lines LOG: the same of a guest's console once it has ended, when there are such frames.
say_lines() {
    if grep -q -a 'fault: #0 ' "$1" 2> /dev/null && where_is_possible; then
        say 'there were faults:'
        "${where[@]}" --log "$1" >&2
    fi
}

cmd_where() {
    local preset=dev build='' where log=''
    local -a places=()
    while (( $# > 0 )); do
        case $1 in
            --preset) preset=$(value where "$@"); shift 2 ;;
            --build) build=$(value where "$@"); shift 2 ;;
            -*) usage where "unknown argument '$1'" ;;
            *) places+=("$1"); shift ;;
        esac
    done
    check_preset where "$preset"
    where_is_possible || die 1 "python3 and ${cross}addr2line are needed (./mitos setup installs them)."
    build=${build:-$root/build/$preset}
    [[ -r $build/mitos.elf ]] || die 1 "$build/mitos.elf is missing (./mitos build makes it)."
    if (( ${#places[@]} > 0 )); then
        compose_where_command "$build" ''
        "${where[@]}" -- "${places[@]}"
        return
    fi
    log=$(find "$build/run" -name console.log -printf '%T@ %p\n' 2> /dev/null | sort -n | tail -n 1 | cut -d ' ' -f 2-)
    [[ -n $log ]] || die 1 'no guest runs, and none ended without powering off: name a place (./mitos help where).'
    compose_where_command "$build" "$(dirname "$log")"
    "${where[@]}" --log "$log"
}
