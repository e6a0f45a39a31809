# The packages themselves: built twice in different folders, compared, and looked at by lintian. The
# second build, under a later version, is what is upgraded to.

build_twice() {
    export POSTDESK_TOOLS=${POSTDESK_TOOLS:-$here/target/package/tools}
    local commit elsewhere=$work/elsewhere/postdesk
    # What is tried is what lies here, committed or not.
    commit=$(git stash create)
    commit=${commit:-HEAD}
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct HEAD)
    export SOURCE_DATE_EPOCH
    packaging/build --profile "$profile" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log"; return 1; }
    cp -r target/package/out "$work/one"
    mkdir -p "$elsewhere"
    git archive "$commit" | tar -x -C "$elsewhere"
    "$elsewhere/packaging/build" --profile "$profile" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log"; return 1; }
    compare "$work/one" "$elsewhere/target/package/out"
    first=$(ls "$work"/one/*.deb)
    rpm=$(ls "$work"/one/*.rpm)
    first_version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | sed -n 1p)
    next_version "$elsewhere"/target/package/out/*.deb
}

# Packages from before, to try the rest alone.
take_built() {
    mapfile -t debs < <(ls "$POSTDESK_BUILT"/*.deb | sort -V)
    first=${debs[0]}
    rpm=$(ls "$POSTDESK_BUILT"/*.rpm | sort -V | sed -n 1p)
    first_version=$(dpkg-deb --field "$first" Version)
    if [[ ${#debs[@]} -eq 1 ]]; then
        next_version "$first"
    else
        second=${debs[1]} second_version=$(dpkg-deb --field "${debs[1]}" Version)
    fi
}

compare() {
    local file octets
    for file in "$1"/*; do
        octets=$(stat -c %s "$file")
        cmp "$file" "$2/$(basename "$file")" ||
            { say "$(basename "$file") differs between two builds of one commit"; return 1; }
        say "$(basename "$file"): two builds in two folders, the same $octets octets, sha256 $(sha256sum <"$file" | cut -c1-16)…"
    done
}

# The second build as a later version. Only the number is another: to link the program a third time
# would take minutes and try nothing more.
next_version() {
    local unpacked=$work/next
    second_version=${first_version%.*}.$((${first_version##*.} + 1))
    second=$work/postdesk_${second_version}.deb
    dpkg-deb --raw-extract "$1" "$unpacked"
    sed -i "s/^Version: .*/Version: $second_version/" "$unpacked/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$unpacked" "$second" >/dev/null
    rm -r "$unpacked"
}

lintian_verdict() {
    local verdict
    verdict=$(lintian --tag-display-limit 0 "$first" 2>&1) || true
    say "lintian: $(grep -c '^E:' <<<"$verdict" || true) errors, $(grep -c '^W:' <<<"$verdict" || true) warnings"
    if grep -q '^[EW]:' <<<"$verdict"; then
        printf '%s\n' "$verdict"
        return 1
    fi
}

# How much of the system the unit leaves open to the daemon, by systemd's own measure.
exposure() {
    local verdict figure
    verdict=$(inside systemd-analyze security postdesk.service --no-pager | tail -n 1)
    figure=$(grep -oE '[0-9]+\.[0-9]+' <<<"$verdict")
    say "exposure of the unit: $figure"
    awk -v figure="$figure" 'BEGIN { exit !(figure < 2.0) }' || { say "and should be below 2.0"; return 1; }
}

build_mailserver() {
    # What the tests have built is good for it, too; with the packages' time in the environment, the
    # crates that are written in C would be built anew.
    env -u SOURCE_DATE_EPOCH cargo build --locked --quiet --example mailserver
    mailserver=${CARGO_TARGET_DIR:-target}/debug/examples/mailserver
}
