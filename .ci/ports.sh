# shellcheck shell=bash
# The ports of `./mitos run --port NAME=FILE`, for ./mitos. Sourced by it.

# check_ports NAME=FILE...: ends the program when they are wrong.
check_ports() {
    (( $# <= 7 )) || usage run 'there can be 7 times --port'
    local port
    for port; do
        [[ $port =~ ^[a-zA-Z0-9._-]{1,31}=. ]] ||
            usage run "--port takes NAME=FILE, with a name of up to 31 letters, digits and . _ -, not '$port'"
    done
}

# compose_ports NAME=FILE...: adds a virtio console device with these ports to the array qemu. Number 0 is for a console (virtio 1.2,
# 5.3.2). A comma in a file's name is doubled, as QEMU has it.
compose_ports() {
    local number=0 port where
    (( $# > 0 )) || return 0
    qemu+=(-global virtio-mmio.force-legacy=false -device virtio-serial-device)
    for port; do
        number=$(( number + 1 ))
        where=${port#*=}
        if [[ $where == unix:* ]]; then
            where=${where#unix:}
            qemu+=(-chardev "socket,id=port$number,path=${where//,/,,}")
        else
            qemu+=(-chardev "file,id=port$number,path=${where//,/,,}")
        fi
        qemu+=(-device "virtserialport,chardev=port$number,nr=$number,name=${port%%=*}")
    done
}
