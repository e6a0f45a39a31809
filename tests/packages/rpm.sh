# The .rpm in an empty root of its own: which files lie where, whose they are, and what its scripts do,
# with systemd there and without.

rpm_root=$work/rpm

# Debian's rpm warns that it is not Debian's own way of installing packages.
with_rpm() { rpm --root "$rpm_root" --dbpath /var/lib/rpm "$@" 2> >(sed '/^rpm: /d' >&2); }

rpm_package() {
    rpm --query --package --info "$rpm" >"$work/rpm.info" 2>/dev/null
    grep -E '^(Name|Version|Release|Architecture|License|Size) ' "$work/rpm.info"
    # What the package needs is not in an empty root; that it is asked for is looked at instead.
    rpm --query --package --requires "$rpm" 2>/dev/null | sort >"$work/rpm.requires"
    grep -qx 'glibc >= [0-9.]*' "$work/rpm.requires"
    grep -qx 'systemd' "$work/rpm.requires"
    rpm_files
    rpm_without_systemd
    rpm_with_systemd
}

# Every file is where its kind belongs, is root's, and only the program can be run.
rpm_files() {
    local strange file
    rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\n]' \
        "$rpm" 2>/dev/null >"$work/rpm.files"
    strange=$(grep -vE -e '^-rwxr-xr-x root:root /usr/bin/postdesk$' \
        -e '^-rw-r--r-- root:root /usr/lib/systemd/system/postdesk[a-z-]*\.(service|timer)$' \
        -e '^-rw-r--r-- root:root /usr/lib/sysusers\.d/postdesk\.conf$' \
        -e '^-rw-r--r-- root:root /usr/share/man/man1/postdesk[a-z-]*\.1\.gz$' \
        -e '^-rw-r--r-- root:root /usr/share/doc/postdesk/(examples/)?[A-Za-z.-]+$' \
        -e '^-rw-r--r-- root:root /usr/share/(bash-completion/completions|zsh/site-functions)/_?postdesk$' \
        -e '^-rw-r--r-- root:root /usr/share/fish/vendor_completions\.d/postdesk\.fish$' "$work/rpm.files" || true)
    [[ -z $strange ]] || { say "the .rpm has files that do not belong where they are: $strange"; return 1; }
    for file in /usr/bin/postdesk /usr/lib/systemd/system/postdesk.service /usr/lib/sysusers.d/postdesk.conf \
        /usr/lib/systemd/system/postdesk-backup.service /usr/lib/systemd/system/postdesk-backup.timer \
        /usr/share/man/man1/postdesk.1.gz /usr/share/doc/postdesk/notices.txt.gz \
        /usr/share/doc/postdesk/examples/postdesk.toml /usr/share/bash-completion/completions/postdesk \
        /usr/share/zsh/site-functions/_postdesk /usr/share/fish/vendor_completions.d/postdesk.fish; do
        grep -q " $file\$" "$work/rpm.files" || { say "the .rpm has no $file"; return 1; }
    done
}

# A root that has rpm's database and a shell for the scripts, and nothing else.
rpm_empty_root() {
    local library
    rm -rf "$rpm_root"
    mkdir -p "$rpm_root/var/lib/rpm" "$rpm_root/bin"
    cp -L /bin/sh "$rpm_root/bin/sh"
    for library in $(ldd /bin/sh | grep -o '/[^ ]*'); do
        mkdir -p "$rpm_root$(dirname "$library")"
        cp -L "$library" "$rpm_root$library"
    done
}

# As while the image of a container is built: the scripts say nothing, and nothing fails.
rpm_without_systemd() {
    rpm_empty_root
    with_rpm --install --nodeps "$rpm" >"$work/rpm.said" 2>&1
    with_rpm --verify --nodeps postdesk
    "$rpm_root/usr/bin/postdesk" version
    # systemd itself makes the user of what the package lays down for it.
    mkdir "$rpm_root/etc"
    systemd-sysusers --root="$rpm_root" postdesk.conf >/dev/null 2>&1
    grep -q '^postdesk:.*:/var/lib/postdesk:/usr/sbin/nologin$' "$rpm_root/etc/passwd"
    mkdir -p "$rpm_root/var/lib/postdesk" "$rpm_root/etc/postdesk"
    touch "$rpm_root/var/lib/postdesk/postdesk.redb" "$rpm_root/etc/postdesk/postdesk.toml"
    with_rpm --erase postdesk >>"$work/rpm.said" 2>&1
    [[ ! -s $work/rpm.said ]] || { say "the scripts say without systemd: $(cat "$work/rpm.said")"; return 1; }
    test ! -e "$rpm_root/usr/bin/postdesk"
    test -e "$rpm_root/var/lib/postdesk/postdesk.redb" -a -e "$rpm_root/etc/postdesk/postdesk.toml"
}

# Programs in the place of systemd's put down how they are called: nothing is enabled or started by an
# installation, a running desk is restarted by an upgrade alone, and ends before the last removal.
rpm_with_systemd() {
    local program units="postdesk-backup.service postdesk-backup.timer postdesk.service"
    rpm_empty_root
    mkdir -p "$rpm_root/usr/bin" "$rpm_root/run/systemd/system" "$rpm_root/dev"
    : >"$rpm_root/dev/null"
    for program in systemctl systemd-sysusers; do
        printf '#!/bin/sh\necho "%s $*" >>/calls\n' "$program" >"$rpm_root/usr/bin/$program"
        chmod 755 "$rpm_root/usr/bin/$program"
    done
    with_rpm --install --nodeps "$rpm"
    rpm_called "an installation" "systemd-sysusers postdesk.conf" "systemctl --system daemon-reload"
    with_rpm --upgrade --replacepkgs --nodeps "$rpm"
    rpm_called "an upgrade" "systemd-sysusers postdesk.conf" "systemctl --system daemon-reload" \
        "systemctl try-restart postdesk.service" "systemctl --system daemon-reload"
    with_rpm --erase postdesk
    rpm_called "a removal" "systemctl --no-reload disable --now $units" "systemctl --system daemon-reload"
}

# What was called since the last time.
rpm_called() {
    local what=$1
    shift
    same "what $what calls" "$(printf '%s\n' "$@")" "$(cat "$rpm_root/calls")"
    rm "$rpm_root/calls"
}
