# The .rpm in an empty root of its own: where its files lie, what its scripts say and do.

rpm_root=$work/rpm

with_rpm() { rpm --root "$rpm_root" --dbpath /var/lib/rpm "$@"; }

rpm_package() {
    mkdir -p "$rpm_root/var/lib/rpm"
    rpm --query --package --info "$rpm" >"$work/rpm.info" 2>/dev/null
    grep -E '^(Name|Version|Release|Architecture|License|Size) ' "$work/rpm.info"
    # What the packages need is not in an empty root; that it is asked for is looked at instead.
    rpm --query --package --requires "$rpm" 2>/dev/null | sort >"$work/rpm.requires"
    grep -qx 'glibc >= [0-9.]*' "$work/rpm.requires"
    grep -qx 'systemd' "$work/rpm.requires"
    with_rpm --install --nodeps --noscripts "$rpm"
    with_rpm --verify --nodeps postdesk
    local file
    for file in /usr/bin/postdesk /usr/lib/systemd/system/postdesk.service /usr/lib/sysusers.d/postdesk.conf \
        /usr/lib/systemd/system/postdesk-backup.service /usr/lib/systemd/system/postdesk-backup.timer \
        /usr/share/man/man1/postdesk.1.gz /usr/share/doc/postdesk/notices.txt.gz \
        /usr/share/doc/postdesk/examples/postdesk.toml /usr/share/bash-completion/completions/postdesk \
        /usr/share/zsh/site-functions/_postdesk /usr/share/fish/vendor_completions.d/postdesk.fish; do
        test -s "$rpm_root$file" || { say "the .rpm has no $file"; return 1; }
    done
    "$rpm_root/usr/bin/postdesk" version
    local script
    rpm --query --package --scripts "$rpm" 2>/dev/null >"$work/rpm.scripts"
    for script in postinstall preuninstall postuninstall; do
        grep -q "^$script scriptlet" "$work/rpm.scripts" || { say "the .rpm has no $script script"; return 1; }
    done
    grep -q 'systemd-sysusers postdesk.conf' "$work/rpm.scripts"
    mkdir -p "$rpm_root/var/lib/postdesk" "$rpm_root/etc/postdesk"
    touch "$rpm_root/var/lib/postdesk/postdesk.redb" "$rpm_root/etc/postdesk/postdesk.toml"
    with_rpm --erase --noscripts postdesk
    test ! -e "$rpm_root/usr/bin/postdesk"
    test -e "$rpm_root/var/lib/postdesk/postdesk.redb" -a -e "$rpm_root/etc/postdesk/postdesk.toml"
}
