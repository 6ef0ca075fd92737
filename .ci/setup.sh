# shellcheck shell=bash
# What Mitos needs from the machine, and how to get it. Sourced by ../mitos, which defines say, die and
# ask; bash, coreutils and apt are all that is here before set-up has run.

cross=${MITOS_CROSS:-riscv64-unknown-elf-}
state_dir=${XDG_STATE_HOME:-${HOME:-/var/tmp}/.local/state}/mitos
installed_list=$state_dir/installed-packages

# PROBE|PACKAGE|WHY. A probe is a command, or a file (a pattern is fine) when it begins with '/'.
# The packages are named as in Debian 12 and Ubuntu 24.04.
requirements=(
    'qemu-system-riscv64|qemu-system-misc|the machine that Mitos runs on, with OpenSBI'
    'clang|clang|checks ownership and locks in every build'
    'clang-query|clang-tools|the lints of cells'
    '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*|libclang-rt-dev|fuzzing the ELF reader and the linker'
    'gdb-multiarch|gdb-multiarch|debugging the guest'
    'cmake|cmake|describes the build'
    'ninja|ninja-build|runs the build'
    'ccache|ccache|makes rebuilds fast'
    'gcc|gcc|compiles the tools and tests that run here'
    '/usr/include/stdio.h|libc6-dev|the C library of those tools'
    '/usr/include/libelf.h|libelf-dev|pack reads the objects that cells are made of'
    '/usr/include/bpf/btf.h|libbpf-dev|pack reads the types in them'
    '/usr/include/cmocka.h|libcmocka-dev|the unit tests'
    '/usr/include/libfdt.h|libfdt-dev|a second opinion on device trees, in tests'
    'dtc|device-tree-compiler|makes device trees for tests'
    'cpio|cpio|a second opinion on boot archives, in tests'
    'python3|python3|tests that talk to a terminal, file and line of faults'
    '/usr/lib/python3/dist-packages/pexpect/__init__.py|python3-pexpect|tests that talk to a terminal'
    'patch|patch|breaks the code on purpose, in tests of tests'
    'cloc|cloc|the test of the size of the nucleus'
    '/usr/lib/python3/dist-packages/sphinx/__init__.py|python3-sphinx|makes the site of docs/'
    '/usr/lib/python3/dist-packages/myst_parser/__init__.py|python3-myst-parser|reads its Markdown'
    '/usr/lib/python3/dist-packages/furo/__init__.py|furo|how it looks'
    '/usr/lib/python3/dist-packages/breathe/__init__.py|python3-breathe|the reference in it, from what Doxygen finds'
    'doxygen|doxygen|reads the headers for the reference'
    'dot|graphviz|draws the pictures'
)
if [[ $cross == riscv64-unknown-elf- ]]; then
    requirements+=(
        'riscv64-unknown-elf-gcc|gcc-riscv64-unknown-elf|compiles the nucleus and the cells'
        'riscv64-unknown-elf-ld|binutils-riscv64-unknown-elf|links the nucleus and the cells'
    )
fi

is_there() {
    case $1 in
        /*) compgen -G "$1" > /dev/null ;;
        *) command -v "$1" > /dev/null ;;
    esac
}

# Sets missing_packages and missing_reasons (lines for a person).
find_missing() {
    local requirement probe package why
    missing_packages=() missing_reasons=()
    for requirement in "${requirements[@]}"; do
        IFS='|' read -r probe package why <<< "$requirement"
        if ! is_there "$probe"; then
            missing_packages+=("$package")
            missing_reasons+=("$(printf '    %-30s %s' "$package" "$why")")
        fi
    done
}

# version_at_least HAVE WANT: compares "7.2.22" and "7.2" number by number.
version_at_least() {
    local -a have want
    local i
    IFS=. read -ra have <<< "$1"
    IFS=. read -ra want <<< "$2"
    for i in "${!want[@]}"; do
        if (( 10#${have[i]:-0} != 10#${want[i]} )); then
            (( 10#${have[i]:-0} > 10#${want[i]} ))
            return
        fi
    done
}

# check_version COMMAND WANT REMEDY: by the first number that `COMMAND --version` prints, which is left in
# checked_version.
check_version() {
    local text path
    path=$(command -v "$1") || die 2 "$1 is not there. $3"
    text=$("$1" --version 2>&1) || die 2 "$path --version fails: ${text%%$'\n'*}. $3"
    [[ ${text%%$'\n'*} =~ [^0-9]([0-9]+(\.[0-9]+)*)([^0-9]|$) ]] ||
        die 2 "$path --version does not say which version it is. $3"
    checked_version=${BASH_REMATCH[1]}
    version_at_least "$checked_version" "$2" ||
        die 2 "$path is version $checked_version, and Mitos needs $2 or newer. $3"
}

check_qemu() {
    check_version qemu-system-riscv64 7.2 \
        'Install qemu-system-misc of Debian 12 or newer, or put a newer QEMU first in PATH.'
    # shellcheck disable=SC2034 # used in ../mitos
    qemu_version=$checked_version
}

check_versions() {
    check_qemu
    check_version cmake 3.25 'Install cmake of Debian 12 or newer, or put a newer one first in PATH.'
    check_version clang 14 'Install clang of Debian 12 or newer, or put a newer one first in PATH.'
    # gcc's first line begins with its name, which may hold digits; -dumpfullversion prints the number only.
    local version
    version=$("${cross}gcc" -dumpfullversion 2> /dev/null) ||
        die 2 "${cross}gcc is not there. MITOS_CROSS must be the prefix of a riscv-gnu-toolchain's commands."
    version_at_least "$version" 12 ||
        die 2 "${cross}gcc is version $version, and Mitos needs 12 or newer. Choose another with MITOS_CROSS=prefix-."
}

# Debian and its descendants (Ubuntu, also under WSL2) are known; their packages have these names.
system_is_known() {
    local ID='' ID_LIKE=''
    [[ -r /etc/os-release ]] || return 1
    # shellcheck source=/dev/null
    . /etc/os-release
    [[ " $ID $ID_LIKE " == *' debian '* || $ID == ubuntu ]] && command -v apt-get > /dev/null
}

# apt_get ARG...: apt-get, as root, asking nothing, talking to a log.
apt_get() {
    local -a as_root=()
    if (( EUID != 0 )); then
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" < /dev/null >> "$state_dir/apt.log" 2>&1
}

# The installed packages, sorted, one a line.
list_packages() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii *//p' | LC_ALL=C sort -u
}

# Records what it installs as lines "PACKAGE asked" and "PACKAGE needed" (for one that was asked for).
install_packages() {
    local before package
    mkdir -p "$state_dir"
    : > "$state_dir/apt.log"
    before=$(list_packages)

    say "installing; this takes a few minutes (apt's output: $state_dir/apt.log)"
    local -a install=(install --yes --no-install-recommends "$@")
    if ! apt-get -qq -s "${install[@]}" > /dev/null 2>&1; then
        apt_get update || true # the next line says what is wrong, if anything is
    fi
    if ! apt_get "${install[@]}" && ! { apt_get update && apt_get "${install[@]}"; }; then
        tail -n 15 "$state_dir/apt.log" >&2
        die 1 "apt-get could not install the packages (above: the end of $state_dir/apt.log)."
    fi

    LC_ALL=C comm -13 <(echo "$before") <(list_packages) | while read -r package; do
        if [[ " $* " == *" $package "* ]]; then
            echo "$package asked"
        else
            echo "$package needed"
        fi
    done >> "$installed_list"
}

# May we change this machine? Ends the program, with the line to type, when we may not.
# may_change_system YES PURPOSE COMMAND APT_ARGUMENT...
may_change_system() {
    local yes=$1 purpose=$2 command=$3
    shift 3
    local by_hand="apt-get $*"
    if (( EUID != 0 )); then
        by_hand="sudo $by_hand"
    fi
    if ! system_is_known; then
        die 2 "this system is neither Debian nor Ubuntu. $purpose by its own means; on Debian 12 it would be:" \
            "    $by_hand"
    elif (( EUID != 0 )) && ! command -v sudo > /dev/null; then
        die 2 "there is no sudo. $purpose as root:" "    apt-get $*"
    elif [[ $yes != yes ]] && ! ask "Go ahead with apt-get?"; then
        die 2 "nothing was changed. $purpose with $command --yes, or by hand:" "    $by_hand"
    fi
}

# ensure_setup YES: everything that Mitos needs is there and new enough when this returns.
ensure_setup() {
    local missing_packages missing_reasons
    find_missing
    if (( ${#missing_packages[@]} > 0 )); then
        say "Mitos needs these packages, which are not there:" "${missing_reasons[@]}"
        may_change_system "$1" 'Install them' './mitos setup' install --no-install-recommends "${missing_packages[@]}"
        install_packages "${missing_packages[@]}"
        hash -r
        find_missing
        if (( ${#missing_packages[@]} > 0 )); then
            die 1 'apt-get is done, but these still cannot be found:' "${missing_reasons[@]}"
        fi
    fi
    check_versions
}

# would_remove APT_ARGUMENT...: the packages that apt-get would remove, sorted.
would_remove() {
    LC_ALL=C apt-get -qq -s remove "$@" | sed -n 's/^Remv \([^ ]*\).*/\1/p' | LC_ALL=C sort -u
}

# remove_setup YES: takes away what ensure_setup installed and nothing else needs by now.
remove_setup() {
    local -a asked=() packages=() others=()
    if [[ -s $installed_list ]]; then
        mapfile -t asked < <(LC_ALL=C comm -12 <(sed -n 's/ asked$//p' "$installed_list" | LC_ALL=C sort -u) \
            <(list_packages))
    fi
    if (( ${#asked[@]} == 0 )); then
        say 'set-up installed nothing that is still there.'
        return
    fi
    mapfile -t packages < <(LC_ALL=C comm -12 <(would_remove --auto-remove "${asked[@]}") \
        <(sed 's/ .*//' "$installed_list" | LC_ALL=C sort -u))
    mapfile -t others < <(LC_ALL=C comm -23 <(would_remove "${packages[@]}") \
        <(printf '%s\n' "${packages[@]}"))
    if (( ${#others[@]} > 0 )); then
        die 1 "nothing was removed: these packages, installed later, need some of set-up's: ${others[*]}." \
            "Remove them first, or choose by hand from the list in $installed_list"
    fi

    say 'set-up installed these packages, and nothing else needs them:' "    ${packages[*]}"
    may_change_system "$1" 'Remove them' './mitos setup --remove' remove "${packages[@]}"
    if ! apt_get remove --yes "${packages[@]}"; then
        tail -n 15 "$state_dir/apt.log" >&2
        die 1 'apt-get could not remove the packages.'
    fi
    rm "$installed_list"
    say 'removed.'
}
