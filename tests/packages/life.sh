# The life of a desk on the machine, as its operator meets it: from `apt install` to the purge and
# back. Each function is a step; the first that fails ends the test.

tracker_host=desk.example
mails=$work/mails
letters=$work/letters

# The mail account beside the machine.
start_mailserver() {
    mkdir -p "$mails" "$letters"
    mkfifo "$work/deliver"
    "$mailserver" "$letters" <"$work/deliver" >"$work/mailserver.url" 2>"$work/mailserver.log" &
    mailserver_pid=$!
    exec 9>"$work/deliver"
    wait_for 20 "the mail server" test -s "$work/mailserver.url"
}

stop_mailserver() {
    [[ -n ${mailserver_pid:-} ]] || return 0
    exec 9>&-
    wait "$mailserver_pid" 2>/dev/null || true
    mailserver_pid=
}

# A customer writes: subject, text, to.
write_mail() {
    local file
    file=$(mktemp "$mails/XXXXXX.eml")
    printf '%s\r\n' "From: Carla <carla@customer.example>" "To: $3" "Subject: $1" \
        "Message-ID: <$(basename "$file")@customer.example>" "Date: $(date -R)" \
        "MIME-Version: 1.0" "Content-Type: text/plain; charset=utf-8" "" "$2" >"$file"
    echo "$file $3" >&9
}

# The first letter that left and has this text in it, once there is one.
letter_with() {
    wait_for 90 "a letter with: $1" grep -lrF --include='*.eml' -e "$1" "$letters"
    grep -lrF --include='*.eml' -e "$1" "$letters" | sed -n 1p
}

state() { inside systemctl show postdesk --property="$1" --value; }
is() { [[ $(state "$1") == "$2" ]]; }
is_not() { [[ $(state "$1") != "$2" ]]; }
serves() { is ActiveState active && page /healthz >/dev/null; }
log_has() { inside journalctl --unit postdesk --output cat --no-pager | grep -F -- "$1" >/dev/null; }
same() { [[ $2 == "$3" ]] || { say "$1: $3, and should be $2"; return 1; }; }

refused() {
    if "$@" 2>/dev/null; then
        say "this should have been refused: $*"
        return 1
    fi
}

install_package() {
    cp "$1" "$root/packages/"
    inside apt-get install --yes --quiet=2 --no-install-recommends "/packages/$(basename "$1")" >"$work/apt.log" 2>&1 ||
        { cat "$work/apt.log"; return 1; }
}

installing() {
    install_package "$first"
    same "the version that is installed" "$first_version" "$(inside postdesk version | cut -d' ' -f2)"
    same "whether it is enabled" disabled "$(inside systemctl is-enabled postdesk || true)"
    same "whether it runs" inactive "$(state ActiveState)"
    inside getent passwd postdesk | grep '/var/lib/postdesk:/usr/sbin/nologin$' >/dev/null
    # Without a configuration it ends at once, and is not tried again.
    refused inside systemctl start postdesk
    same "the exit status without a configuration" 78 "$(state ExecMainStatus)"
    same "tries without a configuration" 0 "$(state NRestarts)"
}

# The configuration is written by root, through `postdesk setup`, which also starts the desk and makes
# the first project and the first admin.
configuring() {
    local file=$root/etc/postdesk/postdesk.toml
    # The start without a configuration has made its folder.
    inside rmdir /etc/postdesk
    # A strict umask keeps nothing from the service that it has to read.
    inside sh -c 'umask 077; exec postdesk setup "$@"' setup --yes --address help@desk.example \
        --server "$(cat "$work/mailserver.url")" --password-file - --public "$tracker_host" --front generated \
        --listen "$tracker_address:443" --project acme/web --admin jane@desk.example <<<"not a secret" \
        >"$work/setup.log" 2>&1 || { cat "$work/setup.log"; return 1; }
    same "the configuration's folder" "755 root:root" "$(inside stat -c '%a %U:%G' /etc/postdesk)"
    same "the configuration" "640 root:postdesk" "$(inside stat -c '%a %U:%G' /etc/postdesk/postdesk.toml)"
    same "the password" "600 root:root" "$(inside stat -c '%a %U:%G' /etc/credstore/postdesk.mail-password)"
    same "the password's folder" 700 "$(inside stat -c %a /etc/credstore)"
    grep -qx 'runtime = "/run/postdesk"' "$file"
    grep -qx 'password = { credential = "mail-password" }' "$file"
    same "whether it is enabled now" enabled "$(inside systemctl is-enabled postdesk || true)"
    wait_for 20 "the tracker" serves
    # Set up, and with all of its usual settings, it would do; a test waits for less.
    sed -i -e 's/^#poll_seconds = .*/poll_seconds = 2/' -e 's/^#undo_seconds = .*/undo_seconds = 1/' \
        -e 's/^#max_mail_bytes = .*/max_mail_bytes = 2000000/' "$file"
    inside systemctl restart postdesk
    wait_for 20 "the tracker" serves
    inside postdesk check || return 1
    same "the state folder" "700 postdesk:postdesk" "$(inside stat -c '%a %U:%G' /var/lib/postdesk)"
    same "the control socket" "600 postdesk" "$(inside stat -c '%a %U' /run/postdesk/control.sock)"
    same "the status line" "serving at https://$tracker_host" "$(state StatusText)"
}

answering() {
    local welcome
    welcome=$(grep -o "https://$tracker_host/welcome.*" "$work/setup.log")
    same "choosing a password" 303 "$(submit "${welcome#"https://$tracker_host"}" "" \
        "password=a sentence is easier to keep" "again=a sentence is easier to keep")"
    write_mail "The printer is on fire" "It really is." help@desk.example
    letter_with "has the number #1" >/dev/null
    wait_for 30 "the ticket" page /p/acme/web/1
    same "answering the ticket" 303 "$(submit /p/acme/web/1 /write mode=reply "text=Have you tried water?")"
    local letter reply_to
    letter=$(letter_with "Have you tried water?")
    reply_to=$(sed -nE 's/^Reply-To:.*[ <]([^ <>]+@[^ <>]+)>?\r?$/\1/ip' "$letter" | sed -n 1p)
    write_mail "Re: The printer is on fire" "Water it was, thank you." "$reply_to"
    wait_for 60 "the customer's answer" ticket_has "Water it was"
}

ticket_has() { page /p/acme/web/1 | grep -F -- "$1" >/dev/null; }

# Where the journal ends now. A second is too long to tell by: much happens within one.
journal_end() { inside journalctl --lines 1 --show-cursor --output cat --no-pager | sed -n 's/^-- cursor: //p'; }

# What stands in the journal: lines with fields, and nothing above information where all is well.
journal() {
    [[ -n $1 ]] || { say "the journal does not tell where it ended"; return 1; }
    inside journalctl --unit postdesk --output json --no-pager >"$work/journal.json"
    grep '"SYSLOG_IDENTIFIER":"postdesk"' "$work/journal.json" | grep '"POSTDESK_VERSION"' >/dev/null ||
        { say "the journal has no fields"; head -n 3 "$work/journal.json"; return 1; }
    local loud
    loud=$(inside journalctl --unit postdesk --priority warning --output cat --no-pager "--after-cursor=$1" | grep -vF 'SIGTERM' || true)
    [[ -z $loud ]] || { say "the journal is not quiet:"; printf '%s\n' "$loud"; return 1; }
}

reloading() {
    local pid
    pid=$(state MainPID)
    sed -i 's/^max_mail_bytes = 2/max_mail_bytes = 1/' "$root/etc/postdesk/postdesk.toml"
    sed -i 's/^poll_seconds = 2/poll_seconds = 3/' "$root/etc/postdesk/postdesk.toml"
    inside systemctl reload postdesk
    wait_for 10 "the reload in the log" log_has "these settings need a restart"
    inside postdesk reload
    sed -i 's/^poll_seconds = 3/poll_seconds = -1/' "$root/etc/postdesk/postdesk.toml"
    refused inside systemctl reload postdesk
    inside systemctl kill --kill-who=main --signal=HUP postdesk
    wait_for 10 "the daemon's own refusal" log_has "the former one stays in force"
    serves
    same "the process after reloads" "$pid" "$(state MainPID)"
    # Started anew it refuses the file, and is not tried again: that would not help.
    refused inside systemctl restart postdesk
    same "the exit status with a broken file" 78 "$(state ExecMainStatus)"
    sleep 6
    same "tries with a broken file" "failed 0" "$(state ActiveState) $(state NRestarts)"
    sed -i 's/^poll_seconds = -1/poll_seconds = 2/' "$root/etc/postdesk/postdesk.toml"
    inside systemctl restart postdesk
    wait_for 20 "the tracker" serves
}

killing() {
    local pid
    pid=$(state MainPID)
    inside systemctl kill --signal=KILL postdesk
    wait_for 20 "another process after SIGKILL" is_not MainPID "$pid"
    wait_for 30 "the tracker after SIGKILL" serves
    same "restarts" 1 "$(state NRestarts)"
    ticket_has "Water it was"
    # A process that hangs is met by the watchdog, here after two seconds in place of two minutes.
    inside mkdir -p /run/systemd/system/postdesk.service.d
    inside sh -c 'printf "[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n" >/run/systemd/system/postdesk.service.d/test.conf'
    inside systemctl daemon-reload
    inside systemctl restart postdesk
    wait_for 20 "the tracker" serves
    sleep 5
    same "restarts of a desk that is well" 0 "$(state NRestarts)"
    pid=$(state MainPID)
    inside systemctl kill --signal=STOP postdesk
    wait_for 30 "the watchdog" is NRestarts 1
    wait_for 30 "the tracker after the watchdog" serves
    inside rm -r /run/systemd/system/postdesk.service.d
    inside systemctl daemon-reload
}

rebooting() {
    reboot_machine
    wait_for 30 "the tracker after a reboot" serves
    ticket_has "Water it was"
    same "answering after the reboot" 303 "$(submit /p/acme/web/1 /write mode=reply "text=Glad to hear it.")"
    letter_with "Glad to hear it." >/dev/null
}

upgrading() {
    local pid before
    pid=$(state MainPID)
    before=$(sha256sum <"$root/etc/postdesk/postdesk.toml")
    install_package "$second"
    wait_for 30 "the upgraded process" is_not MainPID "$pid"
    wait_for 30 "the tracker after the upgrade" serves
    same "the version that is installed" "$second_version" "$(inside dpkg-query --show --showformat='${Version}' postdesk)"
    # The file of a program that was replaced is "(deleted)".
    same "the program that runs" /usr/bin/postdesk "$(inside readlink "/proc/$(state MainPID)/exe")"
    same "the configuration after the upgrade" "$before" "$(sha256sum <"$root/etc/postdesk/postdesk.toml")"
    ticket_has "Glad to hear it."
}

# Backs the desk up as the timer does and by hand, into a file outside of the machine, and then lets
# it live on: what comes after that is not in the backup.
backing_up() {
    same "whether anybody enabled the backups" disabled "$(inside systemctl is-enabled postdesk-backup.timer || true)"
    same "whether backups are made unasked" inactive "$(inside systemctl is-active postdesk-backup.timer || true)"
    inside systemctl start postdesk-backup
    same "how the backup ended" success "$(inside systemctl show postdesk-backup --property=Result --value)"
    same "its folder" "700 postdesk:postdesk" "$(inside stat -c '%a %U:%G' /var/backups/postdesk)"
    same "the backups in it" 1 "$(find "$root/var/backups/postdesk" -type f | wc -l)"
    inside postdesk backup --verify /var/backups/postdesk/by-hand.tar.zst
    cp "$root/var/backups/postdesk/by-hand.tar.zst" "$work/desk.tar.zst"
    mkdir "$work/kept"
    cp -a "$root/etc/postdesk" "$root/etc/credstore" "$work/kept/"
    write_mail "The scanner hums" "Since this morning." help@desk.example
    wait_for 60 "the ticket after the backup" desk_has "The scanner hums"
}

desk_has() { page / | grep -F -- "$1" >/dev/null; }

removing() {
    # Root writes nothing into the folder of a desk that does not run.
    inside systemctl stop postdesk
    refused inside postdesk project add acme/other
    inside systemctl start postdesk
    inside apt-get remove --yes --quiet=2 postdesk >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; return 1; }
    same "whether it runs once removed" inactive "$(inside systemctl is-active postdesk || true)"
    test ! -e "$root/usr/bin/postdesk"
    test -s "$root/var/lib/postdesk/postdesk.redb" -a -s "$root/etc/postdesk/postdesk.toml"
    # Installed again, it is enabled as it was, and finds everything.
    install_package "$second"
    same "whether it is enabled again" enabled "$(inside systemctl is-enabled postdesk || true)"
    inside systemctl start postdesk
    wait_for 30 "the tracker after coming back" serves
    ticket_has "Glad to hear it."
}

purging() {
    inside apt-get purge --yes --quiet=2 postdesk >"$work/apt.log" 2>&1 || { cat "$work/apt.log"; return 1; }
    local left
    left=$(inside find / -xdev -iname '*postdesk*' -not -path '/packages/*' -not -path '/var/log/*' -not -path '/proc/*' \
        -not -path '/var/lib/systemd/*' -not -path '/var/backups/*')
    [[ -z $left ]] || { say "a purge leaves: $left"; return 1; }
    test -s "$root/var/backups/postdesk/by-hand.tar.zst" || { say "a purge took the backups"; return 1; }
    rm -r "$root/var/backups/postdesk"
    inside systemctl --quiet is-system-running
}

# A new machine, as far as the desk can tell: nothing but the backup and the kept part of /etc.
restoring() {
    install_package "$second"
    cp -a "$work/kept/postdesk" "$work/kept/credstore" "$root/etc/"
    cp "$work/desk.tar.zst" "$root/root/"
    inside postdesk restore /root/desk.tar.zst
    inside systemctl enable --quiet --now postdesk
    # It is not well before somebody has decided, and says so to whoever watches it.
    wait_for 30 "the restored tracker" page /sign-in
    refused page /healthz
    inside postdesk status | tee "$work/status" | grep 'paused' >/dev/null || { cat "$work/status"; return 1; }
    same "whose the restored data are" postdesk "$(inside stat -c '%U' /var/lib/postdesk/postdesk.redb)"
    rm -f "$jar"
    same "signing in again" 303 "$(submit /sign-in /sign-in "mail=jane@desk.example" \
        "password=a sentence is easier to keep")"
    ticket_has "Water it was"
    ticket_has "Glad to hear it."
    refused desk_has "The scanner hums"
    inside postdesk adopt --take-over
    inside postdesk replay
    wait_for 60 "what came after the backup" desk_has "The scanner hums"
    inside postdesk resume
    write_mail "The fax is back" "As we are." help@desk.example
    wait_for 60 "a new ticket on the restored desk" desk_has "The fax is back"
    same "answering on the restored desk" 303 "$(submit /p/acme/web/1 /write mode=reply "text=We are back.")"
    letter_with "We are back." >/dev/null
}
