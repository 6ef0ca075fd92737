#!/usr/bin/env bash
# command_line.sh ROOT: what ./mitos promises about options, exit statuses and messages. QEMU is a script
# here, so that guests can be made to misbehave; nothing is built or installed.
set -euo pipefail
mitos=$(realpath "$1")/mitos
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset CI MITOS_BIOS MITOS_CROSS
export XDG_STATE_HOME=$scratch/state
failures=0

fail() {
    echo "FAIL: $1"
    sed 's/^/    /' "$scratch/out" "$scratch/err"
    failures=$((failures + 1))
}

# expect STATUS PATTERN ARGUMENT...: ./mitos ARGUMENT... ends with STATUS, and standard error is one line
# that matches PATTERN (no line at all when PATTERN is empty).
expect() {
    local status=0 lines
    local want=$1 pattern=$2
    shift 2
    "$mitos" "$@" < /dev/null > "$scratch/out" 2> "$scratch/err" || status=$?
    lines=$(wc -l < "$scratch/err")
    if [[ $status != "$want" ]]; then
        fail "./mitos $*: status $status, not $want"
    elif [[ -z $pattern && $lines != 0 ]]; then
        fail "./mitos $*: says something on standard error"
    elif [[ -n $pattern ]] && ! { [[ $lines == 1 ]] && grep -q -- "$pattern" "$scratch/err"; }; then
        fail "./mitos $*: standard error is not one line like '$pattern'"
    else
        echo "ok: ./mitos $*"
    fi
}

# A folder for PATH with a qemu-system-riscv64 of version $2 which does what $3 says.
fake_qemu() {
    mkdir -p "$scratch/$1"
    printf '%s\n' '#!/bin/sh' "[ \"\$1\" != --version ] || { echo 'QEMU emulator version $2'; exit; }" "$3" \
        > "$scratch/$1/qemu-system-riscv64"
    chmod +x "$scratch/$1/qemu-system-riscv64"
}
# with FOLDER COMMAND...: with that folder first in PATH.
with() {
    local PATH=$scratch/$1:$PATH
    shift
    "$@"
}

mkdir "$scratch/built" "$scratch/no_archive"
touch "$scratch/built/mitos.elf" "$scratch/built/mitos.cpio" "$scratch/no_archive/mitos.elf"
guest=(run --headless --build "$scratch/built" -c)

# Wrong use.
expect 2 "no command 'frobnicate'" frobnicate
expect 2 "no command 'frobnicate'" help frobnicate
for command in setup build run test bench docs where clean; do
    expect 2 "unknown argument '--frobnicate'" $command --frobnicate
    expect 0 '' help $command
    expect 0 '' $command --help
done
expect 0 '' help
expect 2 '-c needs a value' run --headless -c
expect 2 'needs -c' run --headless
expect 2 'no terminal' run
expect 2 'needs --headless' run -c hello
expect 2 'one hart' run --headless --icount --smp 2 -c hello
expect 2 '--smp takes' run --headless --smp 9 -c hello
expect 2 '--smp takes' run --headless --smp 0 -c hello
expect 2 '--mem takes' run --headless --mem 63M -c hello
expect 2 '--mem takes' run --headless --mem 3G -c hello
expect 2 '--timeout takes' run --headless --timeout soon -c hello
expect 2 '--port takes NAME=FILE' run --headless --port verdict -c hello
expect 2 '--port takes NAME=FILE' run --headless --port 'a,b=out' -c hello
expect 2 '7 times' run --headless -c hello --port a=a --port b=b --port c=c --port d=d --port e=e --port f=f \
    --port g=g --port h=h
expect 2 "no preset 'fast'" build --preset fast
expect 1 'no OpenSBI image' run --headless --bios "$scratch/none" -c hello

# QEMU and what it boots.
fake_qemu old 6.2.0 ''
with old expect 2 'version 6.2.0, and Mitos needs 7.2' "${guest[@]}" hello
fake_qemu newer 10.0.2 "printf 'mitos: powering off, status 0\r\n'"
with newer expect 0 '' "${guest[@]}" hello
with newer expect 1 'no_archive/mitos.cpio is missing' run --headless --build "$scratch/no_archive" -c hello

# The verdict: the guest's status and its last line, both.
fake_qemu fails 7.2 "printf 'mitos: powering off, status 7\r\n'; exit 7"
with fails expect 7 '' "${guest[@]}" hello
fake_qemu resets 7.2 "echo booting"
with resets expect 3 'ended without powering off' "${guest[@]}" hello
fake_qemu lies 7.2 "echo 'mitos: powering off, status 0'; exit 1"
with lies expect 3 'ended without powering off' "${guest[@]}" hello
fake_qemu reboots 7.2 "echo 'mitos: powering off, status 0'; echo OpenSBI"
with reboots expect 3 'ended without powering off' "${guest[@]}" hello
fake_qemu hangs 7.2 'exec sleep 60'
with hangs expect 124 'did not end within 1 s' "${guest[@]}" hello --timeout 1

# The commands are the end of the boot arguments; --quiet shows what they print.
# shellcheck disable=SC2016 # for the other shell
fake_qemu echoes 7.2 'while [ "$1" != -append ]; do shift; done
echo noise; echo "mitos: running x"; echo "<$2>"; echo "mitos: powering off, status 0"'
with echoes expect 0 '' "${guest[@]}" 'echo a, b; tasks' --append verbose --quiet
if [[ $(cat "$scratch/out") != '<verbose run=echo a, b; tasks>' ]]; then
    fail '--quiet or the boot arguments'
fi

# Ports: a device each, a comma in a file's name doubled; none without.
# shellcheck disable=SC2016 # for the other shell
fake_qemu ports 7.2 'echo "mitos: running x"; for word; do case $word in *port*|*chardev*|*virtio*|*,id=*) echo "$word" ;; esac
done; echo "mitos: powering off, status 0"'
with ports expect 0 '' "${guest[@]}" hello --quiet
[[ ! -s $scratch/out ]] || fail 'a port that nobody asked for'
with ports expect 0 '' "${guest[@]}" hello --quiet --port 'verdict=out,1' --port tele=unix:sock
if [[ $(tr '\n' ' ' < "$scratch/out") != 'virtio-mmio.force-legacy=false virtio-serial-device -chardev file,id=port1,path=out,,1 '\
'virtserialport,chardev=port1,nr=1,name=verdict -chardev socket,id=port2,path=sock virtserialport,chardev=port2,nr=2,name=tele ' ]]; then
    fail '--port'
fi

# The option for single steps has another name in newer QEMUs.
fake_qemu steps 7.2.22 'case "$*" in *-singlestep*) ;; *) exit 9 ;; esac; echo "mitos: powering off, status 0"'
with steps expect 0 '' "${guest[@]}" hello --singlestep
fake_qemu steps 8.10 'case "$*" in *one-insn-per-tb=on*) ;; *) exit 9 ;; esac; echo "mitos: powering off, status 0"'
with steps expect 0 '' "${guest[@]}" hello --singlestep

# Two at once: neither loses its output.
fake_qemu slow 7.2 "sleep 1; echo \$\$; echo 'mitos: powering off, status 0'"
for run in 1 2 3; do
    with slow "$mitos" "${guest[@]}" hello > "$scratch/run$run" 2>&1 < /dev/null &
done
wait
if [[ $(cat "$scratch"/run[123] | grep -c '^[0-9]*$') != 3 || $(sort -u "$scratch"/run[123] | wc -l) != 4 ]]; then
    cat "$scratch"/run[123] > "$scratch/out"
    fail 'three runs at once'
fi

# Missing tools are named with their packages, and nothing is installed unasked.
mkdir "$scratch/bare"
for tool in bash dirname env cat grep sed mkdir realpath apt-get sudo; do
    ln -s "$(command -v $tool || echo /bin/false)" "$scratch/bare/$tool"
done
status=0
PATH=$scratch/bare "$mitos" setup < /dev/null > "$scratch/out" 2> "$scratch/err" || status=$?
if [[ $status != 2 ]] || ! grep -q '^    qemu-system-misc  *the machine' "$scratch/err" ||
    ! grep -q 'apt-get install .* qemu-system-misc' "$scratch/err"; then
    fail "./mitos setup without tools: status $status, or no list of packages"
fi

echo "$failures failed"
[[ $failures == 0 ]]
