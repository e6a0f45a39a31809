# A machine of the test's own: a Debian root in a folder, booted with its own systemd by
# systemd-nspawn. It shares this computer's network, so that it reaches apt's mirrors and the mail
# server beside it.

machine=postdesk-test-$$
root=$work/root
nspawn=

# Why no machine can be booted here, or nothing where one can. It boots one that has this computer's
# /usr and no more, and ends at once; no part of Postdesk has to do with it.
why_no_machine() {
    local status=0 said
    said=$(timeout 60 systemd-nspawn --quiet --directory=/ --volatile=yes --machine="$machine" --register=no \
        --keep-unit --console=pipe --timezone=off /usr/lib/systemd/systemd --unit=poweroff.target </dev/null 2>&1) ||
        status=$?
    forget_machine
    [[ $status -eq 0 ]] || printf '%s\n' "${said:-the machine ended with $status}" | tail -n 1
}

# Makes the root from apt's configured mirrors.
make_root() {
    # What apt knows of its mirrors holds inside as well; its signatures are checked with its own keys.
    mmdebstrap --quiet --variant=apt --include=systemd,systemd-sysv,ca-certificates,curl bookworm "$root" \
        2>"$work/mmdebstrap.log" || { cat "$work/mmdebstrap.log"; return 1; }
    echo desk >"$root/etc/hostname"
    mkdir -p "$root/packages"
}

# Boots it, and waits until all of its units have started.
boot() {
    # This computer may have no systemd of its own, so nothing is registered with one. A session of
    # its own keeps a terminal's Ctrl-C from it.
    setsid systemd-nspawn --quiet --directory="$root" --machine="$machine" --hostname=desk --boot \
        --register=no --keep-unit --console=pipe --resolv-conf=copy-host --timezone=off \
        </dev/null >>"$work/console.log" 2>&1 &
    nspawn=$!
    wait_for 60 "the machine to boot" inside systemctl is-system-running --wait
}

# The first process of the machine, as this computer numbers it.
leader() {
    ps -o pid=,comm= --ppid "${nspawn:-0}" | awk '$2 == "systemd" && !found++ { print $1 }'
}

# Runs a command in the machine.
inside() {
    local pid
    pid=$(leader)
    [[ -n $pid ]] || return 125
    nsenter --target "$pid" --mount --uts --ipc --pid --cgroup --root --wd \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# Restarts the machine as its own `reboot` does. nspawn then ends with 133, for whoever keeps the
# machine to boot it again (systemd-nspawn(1), --keep-unit).
reboot_machine() {
    local status=0
    inside systemctl reboot
    wait_for 120 "the machine to end" is_gone
    wait "$nspawn" || status=$?
    nspawn=
    [[ $status -eq 133 ]] || { say "the machine ended with $status, which is no reboot"; return 1; }
    boot
}

is_gone() { ! kill -0 "$nspawn" 2>/dev/null; }

# Ends the machine; nothing of it stays.
end_machine() {
    [[ -n $nspawn ]] || return 0
    inside systemctl poweroff >/dev/null 2>&1 || true
    local second
    for second in $(seq 20); do
        kill -0 "$nspawn" 2>/dev/null || break
        # The second signal ends it at once.
        [[ $second -lt 15 ]] || kill -TERM "$nspawn" 2>/dev/null || true
        sleep 1
    done
    wait "$nspawn" 2>/dev/null || true
    nspawn=
    forget_machine
}

# Where this computer has no systemd, nspawn leaves this behind.
forget_machine() {
    rmdir "/run/systemd/nspawn/propagate/$machine" 2>/dev/null || true
    rm -f "/run/systemd/nspawn/locks/"*"$machine"* 2>/dev/null || true
}

# Waits until a command succeeds: seconds, what for, command...
wait_for() {
    local seconds=$1 what=$2 end=$((SECONDS + $1))
    shift 2
    until "$@" >/dev/null 2>&1; do
        [[ $SECONDS -lt $end ]] || { say "waited $seconds s in vain for $what"; return 1; }
        sleep 0.2
    done
}
